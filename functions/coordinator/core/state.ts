import type { ExecutionState, HandoffState, TaskState } from "../../shared/contracts/execution-state.ts";
import type { Instant, TaskNumber } from "../../shared/contracts/ids.ts";
import { lesser } from "./numbers.ts";

/** Questions about an execution's state. All are total: a reference that leads nowhere is `undefined`. */

export const ENTRY_TASK: TaskNumber = 1;

export const isTerminal = (state: ExecutionState): boolean => state.status !== "RUNNING";

export const isOpen = (task: TaskState): boolean =>
  task.status === "SCHEDULED" || task.status === "SUSPENDED";

export const taskOf = (state: ExecutionState, n: TaskNumber): TaskState | undefined => state.tasks[n - 1];

export const openTasks = (state: ExecutionState): TaskState[] => state.tasks.filter(isOpen);

export const branchesOf = (state: ExecutionState, handoff: HandoffState): TaskState[] =>
  handoff.branches.flatMap((n) => taskOf(state, n) ?? []);

/** The handoffs of a task's latest suspension, in the order of its calls. */
export const latestHandoffs = (state: ExecutionState, task: TaskState): HandoffState[] =>
  handoffsOf(state, task.n, task.suspensions);

export const handoffsOf = (state: ExecutionState, requester: TaskNumber, k: number): HandoffState[] =>
  state.handoffs.filter((handoff) => handoff.requester === requester && handoff.k === k);

/** A suspended task of whose handoff calls some still wait for room in the outbox. */
export const hasUnrequestedCalls = (state: ExecutionState, task: TaskState): boolean => {
  if (task.status !== "SUSPENDED") return false;
  const handoffs = latestHandoffs(state, task);
  return handoffs.length < (handoffs[0]?.calls ?? 1);
};

/** These tasks and all that were asked for below them, in order of number. */
export const withDescendants = (state: ExecutionState, roots: readonly TaskNumber[]): TaskState[] => {
  const reached = new Set(roots);
  // A branch's number is above its requester's, so one pass is enough.
  for (const task of state.tasks) {
    const requester = requesterOf(state, task);
    if (requester !== undefined && reached.has(requester)) reached.add(task.n);
  }
  return state.tasks.filter((task) => reached.has(task.n));
};

const requesterOf = (state: ExecutionState, task: TaskState): TaskNumber | undefined =>
  task.handoff === undefined ? undefined : state.handoffs[task.handoff - 1]?.requester;

/** When a task's work becomes worthless: the earliest deadline of the execution and all handoffs above it. */
export const deadlineOf = (state: ExecutionState, n: TaskNumber): Instant => {
  let earliest = state.deadlineAt;
  let place = n;
  for (;;) {
    const handoff = state.handoffs[(taskOf(state, place)?.handoff ?? 0) - 1];
    // Each step leads to a lower place, so that the climb ends whatever the state holds.
    if (handoff === undefined || handoff.requester >= place) return earliest;
    if (handoff.deadlineAt !== undefined) earliest = lesser(handoff.deadlineAt, earliest);
    place = handoff.requester;
  }
};

/** The task whose record holds this task's answer: the last of the transfers that began here. */
export const answeringTask = (state: ExecutionState, task: TaskState): TaskState => {
  let at = task;
  let place = task.n;
  for (;;) {
    const heir = at.via === undefined ? undefined : taskOf(state, at.via);
    // Each step leads to a higher place.
    if (heir === undefined || at.via === undefined || at.via <= place) return at;
    place = at.via;
    at = heir;
  }
};
