import type { HandoffState, TaskState } from "../../shared/contracts/execution-state.ts";
import type { BranchStatus, OnFailure } from "../../shared/contracts/handoff.ts";
import { firstCheck } from "./checks.ts";
import type { Draft } from "./draft.ts";
import { endTasks, endWithEntryTask, previewOfAnswer } from "./ending.ts";
import { branchesOf, isOpen, isTerminal, latestHandoffs, taskOf } from "./state.ts";

/**
 * Brings everything up that ended below: joins handoffs, passes transfers on, resumes requesters,
 * ends the execution with its entry task. Derived from the state alone, so it may run at any time.
 */
export const joinHandoffs = (draft: Draft): void => {
  // Later handoffs lie deeper: what a transfer passes on is met by the handoffs above it.
  for (let index = draft.state.handoffs.length - 1; index >= 0; index--) {
    const handoff = draft.state.handoffs[index];
    if (handoff !== undefined) joinHandoff(draft, handoff);
  }
  for (const task of draft.state.tasks) resumeTask(draft, task);
  endWithEntryTask(draft);
};

const joinHandoff = (draft: Draft, handoff: HandoffState): void => {
  const requester = taskOf(draft.state, handoff.requester);
  if (handoff.status !== "OPEN" || requester?.status !== "SUSPENDED") return;
  const verdict = verdictOf(handoff.onFailure, branchesOf(draft.state, handoff));
  if (verdict === "wait") return;
  endTasks(draft, handoff.branches, { type: "TaskAborted", cause: verdict.rest });
  const branches = branchesOf(draft.state, handoff);
  draft.record({
    type: "HandoffCompleted",
    handoff: handoff.n,
    results: branches.map((branch) => ({
      task: branch.n,
      agent: branch.agent,
      status: branchStatus(branch),
    })),
  });
  if (handoff.mode === "transfer") passOn(draft, requester, branches);
};

/** Whether a handoff joins now, and why branches that are still open are then no longer needed. */
const verdictOf = (
  onFailure: OnFailure,
  branches: readonly TaskState[],
): "wait" | { readonly rest: string } => {
  const open = branches.filter(isOpen).length;
  const succeeded = branches.filter(({ status }) => status === "SUCCEEDED").length;
  if (onFailure === "fail-fast" && open + succeeded < branches.length) {
    return { rest: "fail-fast: another branch did not succeed" };
  }
  if (typeof onFailure === "object") {
    const { quorum } = onFailure;
    if (succeeded >= quorum) return { rest: `the quorum of ${quorum} is reached` };
    if (succeeded + open < quorum) return { rest: `the quorum of ${quorum} can no longer be reached` };
  }
  return open === 0 ? { rest: "joined" } : "wait";
};

/** The target's outcome becomes the requester's, in the requester's place; it is not tried again. */
const passOn = (draft: Draft, requester: TaskState, branches: readonly TaskState[]): void => {
  const [heir] = branches;
  if (heir === undefined) return;
  const { n: task, attempt, turns, usage } = requester;
  const failure = heir.failure ?? { name: "Internal", message: "the transfer ended without a failure" };
  switch (heir.status) {
    case "SCHEDULED":
    case "SUSPENDED":
      return;
    case "SUCCEEDED":
      draft.record({
        type: "TaskSucceeded",
        task,
        attempt,
        turns,
        usage,
        preview: previewOfAnswer(draft, heir.n),
        via: heir.n,
      });
      break;
    case "FAILED":
      draft.record({ type: "TaskFailed", task, attempt, turns, usage, failure, via: heir.n });
      break;
    case "TIMED_OUT":
      draft.record({ type: "TaskTimedOut", task, cause: "handoff" });
      break;
    case "ABORTED":
      draft.record({ type: "TaskAborted", task, cause: failure.message });
      break;
  }
  // Beside a transfer there is no other handoff; should a record claim one, it dies with its requester.
  endTasks(draft, [task], { type: "TaskAborted", cause: "its requester has ended" });
};

/** Once, when all handoff calls of the suspension have joined, and when the outbox has room. */
const resumeTask = (draft: Draft, { n }: TaskState): void => {
  const task = taskOf(draft.state, n);
  if (task?.status !== "SUSPENDED" || isTerminal(draft.state)) return;
  const handoffs = latestHandoffs(draft.state, task);
  if (handoffs.length < (handoffs[0]?.calls ?? 1)) return;
  if (handoffs.some(({ status }) => status === "OPEN")) return;
  if (draft.room < 1) {
    draft.postpone();
    return;
  }
  const { now, times } = draft.context;
  draft.record({ type: "TaskResumed", task: n, k: task.suspensions });
  draft.send({ type: "ResumeTask", task: n, k: task.suspensions }, firstCheck(now, 0, times));
};

export const branchStatus = ({ status }: TaskState): BranchStatus => {
  switch (status) {
    case "SUCCEEDED":
      return "succeeded";
    case "TIMED_OUT":
      return "timed_out";
    case "ABORTED":
      return "aborted";
    default:
      return "failed";
  }
};
