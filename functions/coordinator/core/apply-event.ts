import type { ExecutionState, TaskState } from "../../shared/contracts/execution-state.ts";
import type { HistoryEvent } from "../../shared/contracts/history-event.ts";
import type { TaskNumber } from "../../shared/contracts/ids.ts";
import { NO_USAGE } from "../../shared/contracts/usage.ts";

/**
 * The fold: statuses, tasks and handoffs of an execution are nothing but its events applied in
 * order to `initialState`. Total: an event about an unknown task or handoff changes only the count.
 */
export const applyEvent = (state: ExecutionState, event: HistoryEvent): ExecutionState => {
  const next: ExecutionState = { ...state, eventCount: event.n };
  switch (event.type) {
    case "ExecutionStarted":
      return next;
    case "TaskScheduled":
      return { ...next, tasks: [...state.tasks, scheduledTask(event)] };
    case "HandoffRequested": {
      const { turns, usage } = event;
      const suspended = (task: TaskState): TaskState => ({
        ...task,
        status: "SUSPENDED",
        suspensions: event.k,
        turns,
        usage,
      });
      return withTask({ ...next, handoffs: [...state.handoffs, openHandoff(event)] }, event.task, suspended);
    }
    case "HandoffCompleted":
      return {
        ...next,
        handoffs: state.handoffs.map((handoff) =>
          handoff.n === event.handoff ? { ...handoff, status: "JOINED" } : handoff,
        ),
      };
    case "TaskResumed":
      return withTask(next, event.task, (task) => ({ ...task, status: "SCHEDULED" }));
    case "TaskSucceeded": {
      const { turns, usage, via } = event;
      return withTask(next, event.task, (task) => ({
        ...task,
        status: "SUCCEEDED",
        turns,
        usage,
        ...(via === undefined ? {} : { via }),
        endedAt: event.at,
      }));
    }
    case "TaskFailed": {
      const { turns, usage, failure, via } = event;
      return withTask(next, event.task, (task) => ({
        ...task,
        status: "FAILED",
        turns,
        usage,
        failure,
        ...(via === undefined ? {} : { via }),
        endedAt: event.at,
      }));
    }
    case "TaskRetryScheduled":
      return withTask(next, event.task, ({ failure: _failure, endedAt: _endedAt, ...task }) => ({
        ...task,
        status: "SCHEDULED",
        attempt: event.attempt,
      }));
    case "TaskTimedOut":
      return withTask(next, event.task, (task) => ({
        ...task,
        status: "TIMED_OUT",
        failure: { name: "TimedOut", message: `the ${event.cause}'s deadline passed` },
        endedAt: event.at,
      }));
    case "TaskAborted":
      return withTask(next, event.task, (task) => ({
        ...task,
        status: "ABORTED",
        failure: { name: "Aborted", message: event.cause },
        endedAt: event.at,
      }));
    case "ExecutionSucceeded":
      return { ...next, status: "SUCCEEDED", outputTask: event.task, endedAt: event.at };
    case "ExecutionFailed":
      return { ...next, status: "FAILED", failure: event.failure, endedAt: event.at };
    case "ExecutionTimedOut":
      return { ...next, status: "TIMED_OUT", failure: event.failure, endedAt: event.at };
    case "ExecutionAborted":
      return {
        ...next,
        status: "ABORTED",
        failure: { name: "Aborted", message: event.cause },
        endedAt: event.at,
      };
  }
};

type EventOf<T extends HistoryEvent["type"]> = Extract<HistoryEvent, { type: T }>;

const scheduledTask = ({ task, agent, depth, handoff, at }: EventOf<"TaskScheduled">): TaskState => ({
  n: task,
  agent,
  depth,
  ...(handoff === undefined ? {} : { handoff }),
  status: "SCHEDULED",
  attempt: 1,
  suspensions: 0,
  turns: 0,
  usage: NO_USAGE,
  scheduledAt: at,
});

const openHandoff = (event: EventOf<"HandoffRequested">): ExecutionState["handoffs"][number] => ({
  n: event.handoff,
  requester: event.task,
  k: event.k,
  callId: event.callId,
  ...(event.calls === undefined ? {} : { calls: event.calls }),
  mode: event.mode,
  branches: event.branches.map(({ task }) => task),
  onFailure: event.onFailure,
  ...(event.deadlineAt === undefined ? {} : { deadlineAt: event.deadlineAt }),
  status: "OPEN",
});

const withTask = (
  state: ExecutionState,
  n: TaskNumber,
  change: (task: TaskState) => TaskState,
): ExecutionState => ({
  ...state,
  tasks: state.tasks.map((task) => (task.n === n ? change(task) : task)),
});
