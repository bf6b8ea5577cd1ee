import type { ExecutionState } from "../../shared/contracts/execution-state.ts";
import type { Failure } from "../../shared/contracts/failure.ts";
import type { EventBody } from "../../shared/contracts/history-event.ts";
import type { TaskNumber } from "../../shared/contracts/ids.ts";
import { type Context, type Decision, Draft } from "./draft.ts";
import {
  answeringTask,
  ENTRY_TASK,
  isOpen,
  isTerminal,
  openTasks,
  taskOf,
  withDescendants,
} from "./state.ts";

type TaskEnd =
  | { readonly type: "TaskAborted"; readonly cause: string }
  | { readonly type: "TaskTimedOut"; readonly cause: "handoff" | "execution" };

type ExecutionEnd = Extract<
  EventBody,
  { type: "ExecutionSucceeded" | "ExecutionFailed" | "ExecutionTimedOut" | "ExecutionAborted" }
>;

/** Ends these tasks and whatever was asked for below them, as far as it is open, and stops their spending. */
export const endTasks = (draft: Draft, roots: readonly TaskNumber[], end: TaskEnd): void => {
  const open = withDescendants(draft.state, roots).filter(isOpen);
  for (const task of open) draft.record({ ...end, task: task.n });
  draft.stopTasks(
    open.map((task) => task.n),
    causeOf(end),
  );
};

const causeOf = (end: TaskEnd): string =>
  end.type === "TaskAborted" ? end.cause : `the ${end.cause}'s deadline passed`;

/** P15: ends what is still open, then the execution; nothing follows. */
export const endExecution = (
  draft: Draft,
  event: ExecutionEnd,
  taskEnd: TaskEnd,
  permit: "stop" | "isStopped" = "stop",
): void => {
  const open = openTasks(draft.state);
  for (const task of open) draft.record({ ...taskEnd, task: task.n });
  if (open.length > 0 && permit === "stop") draft.stopExecution(causeOf(taskEnd));
  draft.record(event);
};

/** The entry task's outcome is the execution's. */
export const endWithEntryTask = (draft: Draft): void => {
  const entry = taskOf(draft.state, ENTRY_TASK);
  if (entry === undefined || isOpen(entry) || isTerminal(draft.state)) return;
  const left: TaskEnd = { type: "TaskAborted", cause: "the execution ended" };
  if (entry.status === "SUCCEEDED") {
    const task = answeringTask(draft.state, entry).n;
    const preview = previewOfAnswer(draft, ENTRY_TASK);
    endExecution(draft, { type: "ExecutionSucceeded", task, preview }, left);
    return;
  }
  const failure = entry.failure ?? { name: "Internal", message: "the entry task ended without a failure" };
  const event: ExecutionEnd =
    entry.status === "ABORTED"
      ? { type: "ExecutionAborted", cause: failure.message }
      : { type: "ExecutionFailed", failure };
  endExecution(draft, event, left);
};

/** What a task that succeeded in this draft answered, as far as it can be shown. */
export const previewOfAnswer = (draft: Draft, task: TaskNumber): string => {
  const succeeded = draft.events.findLast((event) => event.type === "TaskSucceeded" && event.task === task);
  return succeeded?.type === "TaskSucceeded" ? succeeded.preview : "";
};

/** The decision when an execution cannot go on for reasons of its own: a limit, a bug, a record lost. */
export const giveUp = (state: ExecutionState, failure: Failure, context: Context): Decision => {
  const draft = new Draft(state, context);
  endExecution(
    draft,
    { type: "ExecutionFailed", failure },
    { type: "TaskAborted", cause: `the execution failed: ${failure.name}` },
  );
  return draft.finish();
};
