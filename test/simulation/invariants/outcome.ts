import type { HistoryEvent } from "../../../functions/shared/contracts/history-event.ts";
import { must } from "../violation.ts";
import type { Books, StateWatch } from "./books.ts";

const ENDS: ReadonlySet<HistoryEvent["type"]> = new Set([
  "ExecutionSucceeded",
  "ExecutionFailed",
  "ExecutionTimedOut",
  "ExecutionAborted",
]);

/** Invariant 1: one outcome. A status leaves RUNNING once, and nothing follows a terminal event (P15). */
export const oneOutcome = (_books: Books): StateWatch => {
  const ends = new Map<string, number>();
  return {
    stateWrote({ executionId, before, after, newEvents }) {
      if (before !== undefined && before.item["status"] !== "RUNNING") {
        const same = (["version", "status", "body", "events"] as const).every(
          (name) => before.item[name] === after.item[name],
        );
        must(same, 1, () => `${executionId} has ended and was changed`, "P15");
      }
      const ending = newEvents.filter(({ type }) => ENDS.has(type));
      const count = (ends.get(executionId) ?? 0) + ending.length;
      ends.set(executionId, count);
      must(count <= 1, 1, () => `${executionId} has ${count} terminal events`, "P15");
      const hasEnded = after.item["status"] !== "RUNNING";
      must(
        hasEnded === (count === 1),
        1,
        () => `${executionId} is ${after.item["status"]} with ${count} ends`,
      );
      if (ending.length > 0) {
        must(after.events.at(-1) === ending[0], 1, () => `${executionId} goes on after its end`, "P15");
      }
      for (const event of newEvents) {
        const failure = "failure" in event ? event.failure : undefined;
        must(failure?.name !== "Aborted", 1, () => `${executionId}: a stop is reported as a failure`, "P3");
      }
    },
  };
};
