import { applyEvent } from "../../functions/coordinator/core/apply-event.ts";
import type { decide as Decide } from "../../functions/coordinator/core/decide.ts";
import type { Context, Decision } from "../../functions/coordinator/core/draft.ts";
import type { Fact } from "../../functions/coordinator/core/fact.ts";
import { isOpen, isTerminal, taskOf } from "../../functions/coordinator/core/state.ts";
import type { Command } from "../../functions/shared/contracts/command.ts";
import type { ExecutionState } from "../../functions/shared/contracts/execution-state.ts";
import type { HistoryEvent } from "../../functions/shared/contracts/history-event.ts";
import { splitTaskId, type TaskNumber } from "../../functions/shared/contracts/ids.ts";
import type { TaskRecord } from "../../functions/shared/contracts/task-record.ts";
import { HANDOFF_DEADLINE_SECONDS, START } from "./scenario.ts";
import { must } from "./violation.ts";

/*
 * The invariants of docs/protocol.md that this model can break, by their numbers there. What holds for
 * a single step is checked here, once for each different step; what holds for a world, in world-laws.ts.
 */

export const decisionLaws = (
  state: ExecutionState,
  facts: readonly Fact[],
  context: Context,
  decision: Decision,
  decide: typeof Decide,
): void => {
  const { events } = decision;
  if (decision.state === state && events.length + decision.commands.length === 0) return;
  must(!isTerminal(state), "1: a terminal execution changed");
  const ends = events.filter(({ type }) => TERMINAL.has(type));
  must(
    ends.length === (isTerminal(decision.state) ? 1 : 0),
    "1: one terminal event, when the status is terminal",
  );
  must(ends.length === 0 || events.at(-1) === ends[0], "1: nothing follows the terminal event");

  for (const [index, { n }] of events.entries())
    must(n === state.eventCount + 1 + index, "2: history has a gap");
  const folded = events.reduce(applyEvent, state);
  must(
    same({ ...folded, checks: decision.state.checks }, decision.state),
    "3: the state is not the fold of history",
  );

  for (const event of events) outcomeLaws(event, facts);
  for (const [index, event] of events.entries()) joinLaws(state, event, events.slice(0, index));
  for (const event of events) deadlineLaws(decision.state, event, context);
  for (const { attempt } of decision.state.tasks) must(attempt <= 2, "6: more attempts than allowed");

  const unordered = unorderedBy(state, facts, decision)[0];
  must(unordered === undefined, `4: ${unordered}`);
  if (facts.length === 1) return;
  const turned = decide(state, facts.toReversed(), context);
  must(same(turned.state, decision.state), "the order of the facts makes a difference");
  const { events: more } = decide(decision.state, facts, context);
  must(decision.postponed || more.length === 0, "the same facts once more decide something new");
};

const TERMINAL: ReadonlySet<string> = new Set([
  "ExecutionSucceeded",
  "ExecutionFailed",
  "ExecutionTimedOut",
  "ExecutionAborted",
]);

/** 6: what is accepted was reported, of that attempt; a stop that was obeyed is no failure (P3). */
const outcomeLaws = (event: HistoryEvent, facts: readonly Fact[]): void => {
  if ((event.type !== "TaskSucceeded" && event.type !== "TaskFailed") || event.via !== undefined) return;
  const wanted = event.type === "TaskSucceeded" ? "TaskSeenSucceeded" : "TaskSeenFailed";
  const report = facts.find(
    (fact) => fact.type === wanted && fact.task === event.task && fact.attempt === event.attempt,
  );
  must(report !== undefined, `6: ${event.type} of task ${event.task} without a report of that attempt`);
  if (event.type === "TaskFailed")
    must(event.failure.name !== "Aborted", "P3: a stop was recorded as a failure");
};

/** 9: a join comes once, after its last branch, in the declared order. */
const joinLaws = (state: ExecutionState, event: HistoryEvent, earlier: readonly HistoryEvent[]): void => {
  if (event.type !== "HandoffCompleted") return;
  const before = earlier.reduce(applyEvent, state);
  const handoff = before.handoffs[event.handoff - 1];
  must(handoff?.status === "OPEN", `9: handoff ${event.handoff} joined twice`);
  must(
    same(
      handoff?.branches,
      event.results.map(({ task }) => task),
    ),
    "9: the join is not in the declared order",
  );
  for (const n of handoff?.branches ?? []) {
    const branch = taskOf(before, n);
    must(
      branch !== undefined && !isOpen(branch),
      `9: handoff ${event.handoff} joined while task ${n} was open`,
    );
  }
};

/** 11: nothing is timed out before its time. */
const deadlineLaws = (state: ExecutionState, event: HistoryEvent, { now }: Context): void => {
  if (event.type === "ExecutionTimedOut") must(now >= state.deadlineAt, "11: the execution timed out early");
  if (event.type !== "TaskTimedOut") return;
  const due = event.cause === "execution" ? state.deadlineAt : START + HANDOFF_DEADLINE_SECONDS * 1000;
  must(now >= due, `11: task ${event.task} timed out early`);
};

/** 4, 10: what must be ordered when something changed, and is not. */
const unorderedBy = (
  before: ExecutionState,
  facts: readonly Fact[],
  { state, commands }: Decision,
): string[] => {
  const flaws: string[] = [];
  const ordered = (type: string, n: TaskNumber): boolean =>
    commands.some((command) => command.type === type && "task" in command && command.task === n);
  const stopped = (n: TaskNumber): boolean =>
    commands.some(
      ({ type, ...rest }) =>
        type === "StopExecution" || ("tasks" in rest && rest.tasks?.includes(n) === true),
    );
  for (const task of state.tasks) {
    const was = taskOf(before, task.n);
    const isNew = was === undefined || was.attempt < task.attempt;
    const isResumed = !isNew && was.status === "SUSPENDED" && task.status === "SCHEDULED";
    if (task.status === "SCHEDULED" && isNew && !ordered("ScheduleTask", task.n)) {
      flaws.push(`task ${task.n} is scheduled and nobody is told`);
    }
    if (isResumed && !ordered("ResumeTask", task.n))
      flaws.push(`task ${task.n} is resumed and nobody is told`);
    // A suspended task spends nothing: only what was at work, or was to be, needs a stop.
    const isCut =
      (task.status === "ABORTED" || task.status === "TIMED_OUT") &&
      (was?.status ?? "SCHEDULED") === "SCHEDULED";
    const hasEndedItself = facts.some((fact) => fact.type === "TaskSeenFailed" && fact.task === task.n);
    const isStopped = state.status === "ABORTED" || hasEndedItself || stopped(task.n);
    if (isCut && !isStopped) flaws.push(`task ${task.n} was cut off and may still spend (P3)`);
  }
  return flaws;
};

/** 7, P1: the coordinator writes a record only where it is its own, with the next epoch. */
export const coordinatorWriteLaws = (
  command: Command,
  before: TaskRecord | undefined,
  after: TaskRecord,
): void => {
  const what = `${command.type} on ${before === undefined ? "nothing" : `${before.status} ${before.attempt}`}`;
  must(after.status === "SCHEDULED", `P1: ${what} leaves ${after.status}`);
  if (before === undefined) {
    must(command.type === "ScheduleTask" && command.attempt === 1, `P1: ${what}`);
    return;
  }
  must(
    after.epoch === before.epoch + 1 && after.version === before.version + 1,
    `7: ${what} keeps the epoch`,
  );
  must(!("claim" in after) || after.claim === undefined, `P1: ${what} leaves a claim`);
  if (command.type === "ResumeTask") {
    must(before.status === "SUSPENDED" && before.suspension.k === command.k, `P1: ${what}`);
    must(after.attempt === before.attempt, `14: ${what} counts an attempt`);
  } else {
    must(command.type === "ScheduleTask" && before.status === "FAILED", `P1: ${what}`);
    must(after.attempt === before.attempt + 1, `6: ${what} skips an attempt`);
  }
};

/** 9: each call gets its own answers, of the branches that answered, in the declared order. */
export const resumeLaws = (
  state: ExecutionState,
  after: TaskRecord,
  records: ReadonlyMap<TaskNumber, TaskRecord>,
): void => {
  const calls = after.suspension?.calls ?? [];
  const results = after.answers?.results ?? [];
  must(
    same(
      results.map(({ callId }) => callId),
      calls.map(({ callId }) => callId),
    ),
    "9: calls without results",
  );
  results.forEach(({ branches }, index) => {
    const asked = calls[index]?.to.map(({ agent }) => agent);
    must(
      same(
        branches.map(({ agent }) => agent),
        asked,
      ),
      "9: the answers are not in the declared order",
    );
    for (const { taskId, status, answer } of branches) {
      const task = taskOf(state, splitTaskId(taskId).n);
      must(task !== undefined && task.status.toLowerCase() === status, `9: ${taskId} is told as ${status}`);
      if (status !== "succeeded") continue;
      const source = records.get(task?.via ?? task?.n ?? 0);
      const stored = source?.status === "SUCCEEDED" ? source.answer : undefined;
      must(stored !== undefined && same(answer, stored), `9: ${taskId}'s answer is not the one stored`);
    }
  });
};

/** 7, P1: an agent's write is of the claim that it holds; what has succeeded stays as it is. */
export const agentWriteLaws = (before: TaskRecord, after: TaskRecord): void => {
  must(before.status === "SCHEDULED" || same(before, after), `P1: an agent wrote a ${before.status} record`);
  must(
    after.epoch >= before.epoch && after.attempt === before.attempt,
    "7: an agent's write lowers the epoch",
  );
  must(after.version > before.version || same(before, after), "7: a write keeps the version");
  if (before.status !== "SCHEDULED" || after.status !== "SCHEDULED" || same(before.claim, after.claim))
    return;
  must(after.claim === undefined || after.epoch === before.epoch + 1, "P7: a claim keeps the epoch");
};

export const staleOwnerLaws = (before: TaskRecord, after: TaskRecord): void =>
  must(same(before, after), `7: an owner of an older epoch wrote a ${before.status} record`);

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
