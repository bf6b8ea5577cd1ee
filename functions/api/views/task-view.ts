import type { TaskView } from "../../shared/contracts/api.ts";
import type { ExecutionState, TaskState } from "../../shared/contracts/execution-state.ts";
import type { Permit } from "../../shared/contracts/permit.ts";
import { defined } from "../defined.ts";
import { doingNow, type TaskActivity, usageSoFar } from "./task-activity.ts";
import { timestamp } from "./timestamp.ts";
import { handoffCallsOf } from "./tool-call-counts.ts";

export const isOpen = ({ status }: TaskState): boolean => status === "SCHEDULED" || status === "SUSPENDED";

/** An ended task: STATE says it all but how many tools it called. */
export const endedTaskView = (state: ExecutionState, task: TaskState, toolCalls: number): TaskView =>
  viewOf(state, task, { turns: task.turns, usage: task.usage, toolCalls, doing: undefined });

/** An open task: its agent's records are ahead of STATE, which hears of a task when it suspends or ends. */
export const openTaskView = (
  state: ExecutionState,
  task: TaskState,
  activity: TaskActivity,
  permit: Permit | undefined,
): TaskView =>
  viewOf(state, task, {
    turns: Math.max(task.turns, activity.turns.length),
    usage: usageSoFar(task, activity),
    toolCalls: activity.calls.length,
    doing: doingNow(task, activity, permit?.open[task.n]),
  });

interface Progress {
  readonly turns: number;
  readonly usage: TaskView["usage"];
  readonly toolCalls: number;
  readonly doing: string | undefined;
}

const viewOf = (state: ExecutionState, task: TaskState, progress: Progress): TaskView =>
  defined({
    task: task.n,
    agent: task.agent,
    status: task.status,
    attempt: task.attempt,
    depth: task.depth,
    requester: state.handoffs.find(({ n }) => n === task.handoff)?.requester,
    turns: progress.turns,
    toolCalls: progress.toolCalls + handoffCallsOf(state, task.n),
    doing: progress.doing,
    usage: progress.usage,
    failure: task.failure,
    scheduledAt: timestamp(task.scheduledAt),
    endedAt: task.endedAt === undefined ? undefined : timestamp(task.endedAt),
  });
