import type { ExecutionState, TaskState } from "../../../functions/shared/contracts/execution-state.ts";
import type { HistoryEvent } from "../../../functions/shared/contracts/history-event.ts";
import { taskIdOf } from "../../../functions/shared/contracts/ids.ts";
import type { Item } from "../../../functions/shared/contracts/item.ts";
import { LIMITS } from "../../../functions/shared/contracts/limits.ts";
import { taskKey } from "../../../functions/shared/contracts/resources.ts";
import { MANIFEST } from "../team.ts";
import { must } from "../violation.ts";
import type { Books, StateWatch, StateWrite } from "./books.ts";

/** Failures that nothing in these worlds can bring about but an error of ours: no blob is lost in them. */
const OUR_OWN_BUGS = new Set(["Internal", "CheckpointLost", "StateUnreadable", "OutputSchema"]);

/** T3: such a turn ends its own attempt, and no other. */
const ENDED_BY_A_TURN = new Set(["Truncated", "EmptyAnswer", "Refused"]);

type EventOf<T extends HistoryEvent["type"]> = Extract<HistoryEvent, { type: T }>;

/**
 * Invariants 6 and 11: what is accepted is what a record of the current attempt says, once; and
 * nothing times out before its deadline, or although it was finished (P12).
 */
export const trueReports = (books: Books): StateWatch => {
  const accepted = new Set<string>();
  /** Tasks whose provider's adapter threw what none should, or refused for good. */
  const hadUnexpected = new Set<string>();
  /** By task: turns saved since its attempt began. */
  const turnsSaved = new Map<string, number>();

  const recordOf = (executionId: string, task: TaskState | undefined): Item | undefined =>
    task === undefined ? undefined : books.peek(taskKey(task.agent, taskIdOf(executionId, task.n)));

  const acceptOnce = (executionId: string, task: number, attempt: number): void => {
    const outcome = `${executionId}.${task}#${attempt}`;
    must(!accepted.has(outcome), 6, () => `two outcomes of ${outcome} are accepted`);
    accepted.add(outcome);
  };

  const checkSucceeded = (write: StateWrite, event: EventOf<"TaskSucceeded">): void => {
    const { executionId, after } = write;
    acceptOnce(executionId, event.task, event.attempt);
    const before = write.before?.state.tasks[event.task - 1];
    if (event.via !== undefined) {
      const heir = after.state.tasks[event.via - 1];
      must(heir?.status === "SUCCEEDED", 6, () => `task ${event.task} succeeds by a heir that did not`);
      return;
    }
    const record = recordOf(executionId, before);
    must(record?.["status"] === "SUCCEEDED", 6, () => `task ${event.task} succeeds, its record did not`);
    must(
      record["attempt"] === event.attempt && before?.attempt === event.attempt,
      6,
      () =>
        `task ${event.task}: an outcome of attempt ${record["attempt"]} is accepted for ${before?.attempt}`,
    );
    must(record["turns"] === event.turns, 6, () => `task ${event.task}: turns differ from the record`);
  };

  const checkFailed = (write: StateWrite, event: EventOf<"TaskFailed">): void => {
    const { executionId } = write;
    acceptOnce(executionId, event.task, event.attempt);
    const before = write.before?.state.tasks[event.task - 1];
    // A branch that is over before it begins has no record.
    if (before === undefined || event.via !== undefined) return;
    const record = recordOf(executionId, before);
    const isRecord =
      record?.["status"] === "FAILED" &&
      record["attempt"] === event.attempt &&
      before.attempt === event.attempt &&
      (record["failure"] as { name: string }).name === event.failure.name;
    const { name } = event.failure;
    must(
      !OUR_OWN_BUGS.has(name) || hadUnexpected.has(taskIdOf(executionId, event.task)),
      6,
      () => `task ${event.task} of ${executionId} fails as ${name} for no reason: ${event.failure.message}`,
      "P14",
    );
    must(
      !ENDED_BY_A_TURN.has(name) || (turnsSaved.get(taskIdOf(executionId, event.task)) ?? 0) > 0,
      6,
      () => `attempt ${event.attempt} of task ${event.task} fails as ${name} by a turn of an earlier attempt`,
      "P14",
    );
    must(isRecord, 6, () => `task ${event.task} fails as ${event.failure.name}, its record does not say so`);
  };

  const checkRetried = (write: StateWrite, event: EventOf<"TaskRetryScheduled">): void => {
    const task = write.before?.state.tasks[event.task - 1];
    const failed = write.newEvents.find(
      (other): other is EventOf<"TaskFailed"> => other.type === "TaskFailed" && other.task === event.task,
    );
    must(
      task !== undefined && failed !== undefined,
      6,
      () => `task ${event.task} is retried without a failure`,
    );
    must(event.attempt === failed.attempt + 1, 6, () => `task ${event.task}: attempts skip a number`);
    const policy = MANIFEST.find(({ name }) => name === task.agent)?.retry ?? [];
    const retrier = policy.find(({ errorEquals }) => errorEquals.includes(failed.failure.name));
    must(
      retrier !== undefined && failed.attempt <= retrier.maxAttempts && event.attempt <= LIMITS.attemptsMax,
      6,
      () => `task ${event.task}: attempt ${event.attempt} after ${failed.failure.name} is one too many`,
    );
    const floor = failed.failure.retryAfterSeconds ?? 0;
    must(event.delaySeconds >= floor, 6, () => `task ${event.task} is retried before the provider allows it`);
  };

  const checkTimedOut = (write: StateWrite, event: EventOf<"TaskTimedOut">): void => {
    const { executionId, process, before, after, now } = write;
    const clock = now + process.skewMs;
    const deadlines =
      event.cause === "execution"
        ? [after.state.deadlineAt]
        : after.state.handoffs.flatMap(({ deadlineAt }) => deadlineAt ?? []);
    must(
      deadlines.some((deadlineAt) => deadlineAt <= clock),
      11,
      () => `task ${event.task} of ${executionId} times out before its deadline`,
    );
    const task = before?.state.tasks[event.task - 1];
    if (task?.status !== "SCHEDULED") return;
    const read = books.lastRead(process, taskKey(task.agent, taskIdOf(executionId, task.n)));
    must(read !== undefined, 11, () => `task ${event.task} times out without a look at its record`, "P12");
    must(
      read.item?.["status"] !== "SUCCEEDED",
      11,
      () => `task ${event.task} times out although it was seen to have finished`,
      "P12",
    );
  };

  return {
    calledModel({ taskId, isUnexpected }) {
      if (isUnexpected) hadUnexpected.add(taskId);
    },
    wrote({ key, before, after }) {
      if (key.sk === "TASK" && before?.["attempt"] !== after["attempt"]) {
        turnsSaved.set(String(after["taskId"]), 0);
      } else if (key.sk.startsWith("TURN#")) {
        const taskId = key.pk.split("#")[2] ?? "";
        turnsSaved.set(taskId, (turnsSaved.get(taskId) ?? 0) + 1);
      }
    },
    stateWrote(write) {
      if (books.isGarbage(write.executionId)) return;
      for (const event of write.newEvents) {
        switch (event.type) {
          case "TaskSucceeded":
            checkSucceeded(write, event);
            break;
          case "TaskFailed":
            checkFailed(write, event);
            break;
          case "TaskRetryScheduled":
            checkRetried(write, event);
            break;
          case "TaskTimedOut":
            checkTimedOut(write, event);
            break;
          case "ExecutionTimedOut": {
            const clock = write.now + write.process.skewMs;
            must(write.after.state.deadlineAt <= clock, 11, () => `${write.executionId} times out early`);
            break;
          }
          default:
        }
      }
      checkNoFinishedWorkDropped(books, write);
    },
  };
};

/** P12: whoever ends a task for any reason has seen that it was not finished, when it has looked at all. */
const checkNoFinishedWorkDropped = (
  books: Books,
  { executionId, process, newEvents, before }: StateWrite,
): void => {
  if (!newEvents.some(({ type }) => type === "ExecutionTimedOut" || type === "ExecutionAborted")) return;
  const entry = (before?.state as ExecutionState | undefined)?.tasks[0];
  if (entry?.status !== "SCHEDULED") return;
  const read = books.lastRead(process, taskKey(entry.agent, taskIdOf(executionId, 1)));
  must(
    read?.item?.["status"] !== "SUCCEEDED",
    11,
    () => `${executionId} is ended although its answer was seen`,
    "P12",
  );
};
