import type { ExecutionState } from "../../../functions/shared/contracts/execution-state.ts";
import { must } from "../violation.ts";
import type { Books, StateWatch } from "./books.ts";

/**
 * P11, on which invariant 15 rests: as long as anything is to be done, the index says when to look,
 * and never later than the first thing that there is to do.
 */
export const timelyChecks = (books: Books): StateWatch => ({
  stateWrote({ executionId, after, before, process, now }) {
    const { state, outbox, item } = after;
    // The index is sparse: it holds what has both.
    const nextCheckAt = item["openPk"] === undefined ? undefined : after.nextCheckAt;
    const say = (what: string) => () => `${executionId}: ${what}`;
    const hasCommands = Object.keys(outbox).length > 0;
    if (item["status"] !== "RUNNING") {
      must(!hasCommands || nextCheckAt !== undefined, 15, say("ended, and nobody drains its outbox"), "P11");
      return;
    }
    if (books.isGarbage(executionId)) return;
    must(nextCheckAt !== undefined, 15, say("runs, and nobody looks at it again"), "P11");
    const due = dueAt(state);
    must(
      nextCheckAt <= due,
      15,
      say(`looked at ${nextCheckAt - due} ms later than there is something to do`),
      "P11",
    );
    const isNew = Object.keys(outbox).some((id) => before?.outbox[id] === undefined);
    const drainedBy = now + process.skewMs + books.scene.times.outboxCheckMs;
    must(!isNew || nextCheckAt <= drainedBy, 15, say("its outbox waits too long"), "P11");
  },
});

/** Not the product's own: the earliest deadline of the execution, an open handoff, or a task's check. */
const dueAt = ({ deadlineAt, handoffs, tasks, checks }: ExecutionState): number =>
  Math.min(
    deadlineAt,
    ...handoffs
      .filter(({ status, requester }) => status === "OPEN" && tasks[requester - 1]?.status === "SUSPENDED")
      .map((handoff) => handoff.deadlineAt ?? Number.POSITIVE_INFINITY),
    ...tasks
      .filter(({ status }) => status === "SCHEDULED")
      .map(({ n }) => checks[n]?.at ?? Number.NEGATIVE_INFINITY),
  );
