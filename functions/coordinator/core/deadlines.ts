import type { Draft } from "./draft.ts";
import { endExecution, endTasks } from "./ending.ts";
import { taskOf } from "./state.ts";

/** P12: what is overdue although all records of open tasks have been read. */
export const expireOverdue = (draft: Draft): void => {
  const { now } = draft.context;
  const { deadlineAt, limits } = draft.state;
  if (deadlineAt <= now) {
    const message = `the execution did not end within ${limits.deadlineSeconds} s`;
    endExecution(
      draft,
      { type: "ExecutionTimedOut", failure: { name: "TimedOut", message } },
      { type: "TaskTimedOut", cause: "execution" },
    );
    return;
  }
  // Earlier handoffs lie higher: what they end, the ones below find ended.
  for (const handoff of draft.state.handoffs) {
    if (handoff.status !== "OPEN" || handoff.deadlineAt === undefined || handoff.deadlineAt > now) continue;
    if (taskOf(draft.state, handoff.requester)?.status !== "SUSPENDED") continue;
    endTasks(draft, handoff.branches, { type: "TaskTimedOut", cause: "handoff" });
  }
};
