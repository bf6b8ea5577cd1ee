import type { ExecutionState } from "../../shared/contracts/execution-state.ts";
import type { Failure } from "../../shared/contracts/failure.ts";
import { taskIdOf } from "../../shared/contracts/ids.ts";
import { LIMITS } from "../../shared/contracts/limits.ts";
import { NO_USAGE } from "../../shared/contracts/usage.ts";
import { previewOf, valuePreview } from "../../shared/contracts/value.ts";
import { firstCheck, resendOverdue } from "./checks.ts";
import { expireOverdue } from "./deadlines.ts";
import { type Context, type Decision, Draft } from "./draft.ts";
import { endExecution, giveUp } from "./ending.ts";
import type { Fact, FactOf } from "./fact.ts";
import { inOrder, obeyedStop } from "./fact-order.ts";
import { isNewSuspension, requestHandoffs } from "./handoff.ts";
import { assertSound, eventsToSpare } from "./invariants.ts";
import { joinHandoffs } from "./join.ts";
import { retryDelay } from "./retry.ts";
import { deadlineOf, ENTRY_TASK, isTerminal, taskOf } from "./state.ts";

/**
 * The coordinator's whole judgement: pure, total, and the only place that chooses. The order of
 * the facts does not matter; the same facts again change nothing. Its invariants are numbered in
 * invariants.ts and asserted after every decision.
 */
export const decide = (state: ExecutionState, facts: readonly Fact[], context: Context): Decision => {
  if (isTerminal(state)) return { state, events: [], commands: [], postponed: false };
  const draft = new Draft(state, context);
  for (const alike of inOrder(facts)) {
    for (const fact of alike) apply(draft, fact);
    if (!isTerminal(draft.state)) joinHandoffs(draft);
  }
  const failure = draft.fatal ?? tooManyEvents(draft);
  const decision = failure === undefined ? draft.finish() : giveUp(state, failure, context);
  assertSound(state, decision, context);
  return decision;
};

const apply = (draft: Draft, fact: Fact): void => {
  if (isTerminal(draft.state) || isStale(draft.state, fact)) return;
  switch (fact.type) {
    case "Started":
      start(draft);
      break;
    case "TaskSeenSucceeded":
      succeed(draft, fact);
      break;
    case "TaskSeenFailed":
      fail(draft, fact);
      break;
    case "TaskSeenUnreadable":
      failUnreadable(draft, fact);
      break;
    case "TaskSeenSuspended":
      requestHandoffs(draft, fact);
      break;
    case "TaskSeenOpen":
      noteLease(draft, fact);
      break;
    case "StopRequested":
      stop(draft, fact);
      break;
    case "ClockTicked":
      tick(draft);
      break;
  }
};

/** Only what STATE waits for is news: not a former attempt, not a task that ended or was stopped. */
const isStale = (state: ExecutionState, fact: Fact): boolean => {
  if (!("task" in fact)) return false;
  const task = taskOf(state, fact.task);
  if (task === undefined || ("attempt" in fact && fact.attempt !== task.attempt)) return true;
  if (fact.type === "TaskSeenSuspended") return !isNewSuspension(state, task, fact.suspension.k);
  return task.status !== "SCHEDULED";
};

const start = (draft: Draft): void => {
  const { agent, input, limits, eventCount } = draft.state;
  if (eventCount > 0) return;
  if (draft.room < 1) {
    draft.postpone();
    return;
  }
  const preview = valuePreview(input, LIMITS.eventPreviewBytes);
  draft.record({ type: "ExecutionStarted", agent, preview, limits });
  draft.record({ type: "TaskScheduled", task: ENTRY_TASK, agent, depth: 0 });
  if (draft.agent(agent) === undefined) {
    const failure: Failure = { name: "AgentNotFound", message: `there is no agent named ${agent}` };
    const nothing = { task: ENTRY_TASK, attempt: 1, turns: 0, usage: NO_USAGE };
    draft.record({ type: "TaskFailed", ...nothing, failure });
    return;
  }
  const { now, times } = draft.context;
  draft.send(
    { type: "ScheduleTask", task: ENTRY_TASK, attempt: 1, delaySeconds: 0 },
    firstCheck(now, 0, times),
  );
};

const succeed = (draft: Draft, fact: FactOf<"TaskSeenSucceeded">): void => {
  const { task, attempt, turns, usage } = fact;
  const preview = previewOf(fact.preview, LIMITS.eventPreviewBytes);
  draft.record({ type: "TaskSucceeded", task, attempt, turns, usage, preview });
};

const fail = (draft: Draft, fact: FactOf<"TaskSeenFailed">): void => {
  const { task, attempt, turns, usage } = fact;
  const failure = briefly(fact.failure);
  // P3: whatever PERMIT said when it was read, the task obeyed a stop.
  if (obeyedStop(fact)) {
    draft.record({ type: "TaskAborted", task, cause: failure.message });
    return;
  }
  const delaySeconds = delayOfRetry(draft, fact);
  if (delaySeconds !== undefined && draft.room < 1) {
    draft.postpone();
    return;
  }
  draft.record({ type: "TaskFailed", task, attempt, turns, usage, failure });
  if (delaySeconds === undefined) return;
  const { now, times } = draft.context;
  draft.record({ type: "TaskRetryScheduled", task, attempt: attempt + 1, delaySeconds });
  draft.send(
    { type: "ScheduleTask", task, attempt: attempt + 1, delaySeconds },
    firstCheck(now, delaySeconds, times),
  );
};

/** BAD-INPUTS 49: a retry that could only begin after the deadline would hide why the task failed. */
const delayOfRetry = (
  draft: Draft,
  { task, attempt, failure }: FactOf<"TaskSeenFailed">,
): number | undefined => {
  const { state, context } = draft;
  const policy = draft.agent(taskOf(state, task)?.agent ?? "")?.retry ?? [];
  const delay = retryDelay(policy, failure, attempt, taskIdOf(state.executionId, task));
  if (delay === undefined || context.now + delay * 1000 >= deadlineOf(state, task)) return undefined;
  return delay;
};

/** Not tried again: a retry is written into the record, and nobody knows what this one is. */
const failUnreadable = (draft: Draft, { task }: FactOf<"TaskSeenUnreadable">): void => {
  const { attempt = 1, turns = 0, usage = NO_USAGE } = taskOf(draft.state, task) ?? {};
  const failure: Failure = { name: "StateUnreadable", message: `the record of task ${task} is not readable` };
  draft.record({ type: "TaskFailed", task, attempt, turns, usage, failure });
};

const noteLease = (draft: Draft, { task, leaseUntil }: FactOf<"TaskSeenOpen">): void => {
  if (leaseUntil !== undefined) draft.leases.set(task, leaseUntil);
};

const stop = (draft: Draft, fact: FactOf<"StopRequested">): void => {
  const cause = previewOf(fact.cause, LIMITS.eventPreviewBytes);
  endExecution(draft, { type: "ExecutionAborted", cause }, { type: "TaskAborted", cause }, "isStopped");
};

const tick = (draft: Draft): void => {
  expireOverdue(draft);
  if (!isTerminal(draft.state)) resendOverdue(draft);
};

/** The end always fits: an execution is ended while its last events still have room. */
const tooManyEvents = (draft: Draft): Failure | undefined =>
  eventsToSpare(draft.state) >= 0
    ? undefined
    : {
        name: "TooManyEvents",
        message: `the history would need more than the ${draft.state.limits.events} events allowed`,
      };

const briefly = (failure: Failure): Failure => ({
  ...failure,
  message: previewOf(failure.message, LIMITS.eventPreviewBytes),
});
