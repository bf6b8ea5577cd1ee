import { isDeepStrictEqual } from "node:util";
import { applyEvent } from "../../../functions/coordinator/core/apply-event.ts";
import type { ExecutionState } from "../../../functions/shared/contracts/execution-state.ts";
import type { HistoryEvent } from "../../../functions/shared/contracts/history-event.ts";
import { must } from "../violation.ts";
import type { WriteSeen } from "../watch.ts";
import type { Books, StateWatch, StoredView } from "./books.ts";

interface Told {
  /** By number, from 1. */
  readonly events: HistoryEvent[];
  /** How many of them a HISTORY item holds. */
  moved: number;
  folded: ExecutionState;
}

/** Invariants 2 and 3: history only grows, without gaps (P15), and STATE is nothing but its fold. */
export const wholeHistory = (books: Books): StateWatch => {
  const told = new Map<string, Told>();
  const moveToHistory = ({ key, before, after }: WriteSeen): void => {
    const executionId = key.pk.slice("EXE#".length);
    const history = told.get(executionId);
    must(before === undefined, 2, () => `${key.pk} ${key.sk} was written twice`, "P15");
    must(history !== undefined, 2, () => `${key.pk} has history before it has a state`);
    const events = JSON.parse(String(after["events"])) as HistoryEvent[];
    must(
      events[0]?.n === history.moved + 1,
      2,
      () => `${key.sk} does not follow what was moved before`,
      "P15",
    );
    for (const event of events) {
      const same = isDeepStrictEqual(history.events[event.n - 1], event);
      must(same, 2, () => `${key.sk} holds another event ${event.n} than STATE did`, "P15");
    }
    history.moved += events.length;
  };
  return {
    wrote(seen) {
      if (seen.key.sk.startsWith("HIST#")) moveToHistory(seen);
    },
    stateWrote({ executionId, before, after, isCommit }) {
      if (before === undefined) {
        must(after.events.length === 0, 2, () => `${executionId} begins with a history`);
        told.set(executionId, { events: [], moved: 0, folded: after.state });
        return;
      }
      const history = told.get(executionId);
      if (history === undefined || (!isCommit && before.item["events"] === after.item["events"])) return;
      const [first] = after.events;
      must(
        first === undefined ? history.moved === history.events.length : first.n <= history.moved + 1,
        2,
        () => `${executionId} drops events that no HISTORY item holds`,
        "P15",
      );
      must(
        after.events.length === 0 || (after.events.at(-1)?.n ?? 0) >= history.events.length,
        2,
        () => `${executionId} lost its last events`,
      );
      // Nearly every commit appends: what is the same text as before needs no comparison.
      const unchanged = String(after.item["events"]).startsWith(String(before.item["events"]).slice(0, -1));
      after.events.forEach((event, index) => {
        must(event.n === (first?.n ?? 0) + index, 2, () => `${executionId}: a gap at event ${event.n}`);
        const known = history.events[event.n - 1];
        if (known !== undefined) {
          must(
            unchanged || isDeepStrictEqual(known, event),
            2,
            () => `${executionId}: event ${event.n} was changed`,
          );
          return;
        }
        must(event.n === history.events.length + 1, 2, () => `${executionId}: a gap before event ${event.n}`);
        history.events.push(event);
        history.folded = applyEvent(history.folded, event);
      });
      // What was salvaged from a damaged item is not the fold any more.
      if (books.isGarbage(executionId)) return;
      must(isFoldOf(after, history.folded), 3, () => `${executionId}: STATE is not the fold of its history`);
      // The same, with its fields in the order in which the product has written them.
      history.folded = after.state;
      must(after.item["status"] === after.state.status, 3, () => `${executionId}: two statuses`);
    },
  };
};

/** But for the checks, which no event tells. The same text is the quick proof, since both were built alike. */
const isFoldOf = ({ item, state }: StoredView, folded: ExecutionState): boolean => {
  const text = JSON.stringify({ ...folded, checks: state.checks });
  return text === item["body"] || isDeepStrictEqual(state, JSON.parse(text));
};
