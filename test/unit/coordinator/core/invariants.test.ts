import { describe, expect, test } from "vitest";
import { decide } from "../../../../functions/coordinator/core/decide.ts";
import type { Context, Decision } from "../../../../functions/coordinator/core/draft.ts";
import { assertSound, eventsToSpare, flawOf } from "../../../../functions/coordinator/core/invariants.ts";
import type {
  ExecutionState,
  HandoffState,
  TaskState,
} from "../../../../functions/shared/contracts/execution-state.ts";
import type { HistoryEvent } from "../../../../functions/shared/contracts/history-event.ts";
import { AWS_TIMES } from "../../../../functions/shared/contracts/protocol-times.ts";
import {
  AGENTS,
  acceptedState,
  given,
  parallel,
  resumeTask,
  START,
  scheduleTask,
  sendWork,
  single,
  started,
  stopExecution,
  stopRequested,
  stopTasks,
  succeeded,
  suspended,
} from "../../../support/given.ts";

const forked = given(started(), suspended(1, [parallel("planner", "critic")])).state;
const nested = given(
  started(),
  suspended(1, [parallel("planner", "critic")]),
  suspended(2, [single("critic")]),
).state;
const twoCalls = given(started(), suspended(1, [single("planner"), single("critic")])).state;
const joined = given(started(), suspended(1, [single("critic")]), succeeded(2)).state;
const ended = given(started(), succeeded(1)).state;

const withTask = (state: ExecutionState, n: number, change: Partial<TaskState>): ExecutionState => ({
  ...state,
  tasks: state.tasks.map((task) => (task.n === n ? { ...task, ...change } : task)),
});
const withHandoff = (state: ExecutionState, n: number, change: Partial<HandoffState>): ExecutionState => ({
  ...state,
  handoffs: state.handoffs.map((handoff) => (handoff.n === n ? { ...handoff, ...change } : handoff)),
});
const withoutCheck = (state: ExecutionState, n: number): ExecutionState => ({
  ...state,
  checks: Object.fromEntries(Object.entries(state.checks).filter(([task]) => task !== String(n))),
});
const limitedTo = (state: ExecutionState, events: number): ExecutionState => ({
  ...state,
  limits: { ...state.limits, events },
});
const check = { at: START, intervalMs: 1 };

test("what decide arrives at has no flaw", () => {
  for (const state of [acceptedState(), given(started()).state, forked, nested, twoCalls, joined, ended]) {
    expect(flawOf(state)).toBeUndefined();
  }
});

describe("a flaw is named by its invariant:", () => {
  test.each<[string, ExecutionState]>([
    ["I1: a task is open in a terminal execution", { ...withoutCheck(forked, 2), status: "FAILED" }],
    ["I1: a terminal execution is to be checked", { ...ended, checks: { 1: check } }],
    ["I2: suspension 1 of task 1 was carried out twice", withHandoff(twoCalls, 1, { calls: undefined })],
    ["I2: handoff 1 joined before its branches ended", withHandoff(forked, 1, { status: "JOINED" })],
    ["I4: the execution's end does not fit its history", limitedTo(forked, forked.eventCount + 3)],
    ["I5: task 3 is at place 2", { ...forked, tasks: forked.tasks.filter(({ n }) => n !== 2) }],
    ["I5: task 3 is no branch of its handoff", withHandoff(forked, 1, { branches: [2] })],
    ["I5: task 3 is no branch of its handoff", withTask(forked, 3, { handoff: 7 })],
    ["I5: handoff 2 is at place 1", withHandoff(joined, 1, { n: 2 })],
    ["I5: a branch of handoff 1 is not its own", withHandoff(forked, 1, { branches: [2, 3, 4] })],
    ["I5: a branch of handoff 1 is not its own", withTask(joined, 2, { handoff: undefined })],
    ["I5: a branch of handoff 1 is not its own", withHandoff(joined, 1, { requester: 2 })],
    ["I6: nothing is waited for", withoutCheck(withTask(given(started()).state, 1, { status: "FAILED" }), 1)],
    ["I6: task 2 is SCHEDULED in the checks", withoutCheck(forked, 2)],
    ["I6: task 1 is SUSPENDED in the checks", { ...forked, checks: { ...forked.checks, 1: check } }],
    ["I6: task 1 is suspended on nothing", withTask(forked, 1, { suspensions: 2 })],
    ["I6: nobody waits for the branches of handoff 2", withTask(nested, 2, { status: "SUCCEEDED" })],
  ])("%s", (flaw, state) => {
    expect(flawOf(state)).toBe(flaw);
  });
});

test("I1: a terminal execution's tasks may have suspended on what was never carried out", () => {
  const { state } = given(started(), suspended(1, [single("critic")])).when(stopRequested());
  expect(flawOf(state)).toBeUndefined();
});

test("I4: the end of an execution takes an event for each open task and one for itself", () => {
  expect(eventsToSpare(limitedTo(forked, forked.eventCount + 4))).toBe(0);
  expect(eventsToSpare(limitedTo(ended, ended.eventCount + 4))).toBe(4);
});

const context: Context = { now: START, agents: AGENTS, times: AWS_TIMES, outboxRoom: 2 };
const started1 = given().when(started()).decision;
const [first, second] = started1.events as [HistoryEvent, HistoryEvent];

const judged = (before: ExecutionState, change: Partial<Decision>, of: Decision = started1) =>
  expect(() => assertSound(before, { ...of, ...change }, context));

describe("a decision is refused when", () => {
  const before = acceptedState();

  test("I1: it changes a terminal execution", () => {
    judged(
      ended,
      { ...ended, state: { ...ended }, events: [], commands: [] },
      { ...started1, state: ended },
    ).toThrow("I1: a terminal execution changed");
  });

  test("I1: anything follows the terminal event", () => {
    const { decision } = given(started()).when(succeeded(1));
    const after: HistoryEvent = { n: 5, at: START, type: "TaskAborted", task: 1, cause: "" };
    judged(given(started()).state, { events: [...decision.events, after] }, decision).toThrow(
      "I1: ExecutionSucceeded is not the last event",
    );
  });

  test("I3: the state holds what no event says", () => {
    judged(before, { state: withTask(started1.state, 1, { turns: 7 }) }).toThrow("I3");
    judged(before, { events: [first] }).toThrow("I3");
  });

  test("I4: an event is out of line or of another time", () => {
    judged(before, { events: [second, first] }).toThrow("I4: event 2 is out of line");
    judged(before, { events: [first, { ...second, n: 3 }] }).toThrow("I4: event 3 is out of line");
    judged(before, { events: [first, { ...second, at: START + 1 }] }).toThrow(
      "I4: event 2 is of another time",
    );
  });

  test("I6: it leaves a flaw behind", () => {
    judged(before, { state: { ...started1.state, checks: {} } }).toThrow(
      "I6: task 1 is SCHEDULED in the checks",
    );
  });

  test("I7: it orders work for a task that is not scheduled, or more than there is room for", () => {
    for (const command of [scheduleTask(2), resumeTask(2), sendWork(2)]) {
      judged(before, { commands: [command] }).toThrow(`I7: ${command.type} for 2`);
    }
    judged(before, { commands: [sendWork(1), sendWork(1)] }).not.toThrow();
    judged(before, { commands: [sendWork(1), sendWork(1), sendWork(1)] }).toThrow(
      "I7: 3 commands for a room of 2",
    );
  });

  test("I7: it stops a task that is open, or an execution that goes on", () => {
    judged(before, { commands: [stopTasks("", 1)] }).toThrow("I7: task 1 is stopped but open");
    judged(before, { commands: [stopTasks("", 9)] }).toThrow("I7: task 9 is stopped but open");
    judged(before, { commands: [stopExecution("")] }).toThrow("I7: an execution that goes on is stopped");
  });
});

test("a state that was edited by hand is not blamed on the decision that follows", () => {
  const edited = withHandoff(forked, 1, { status: "JOINED" });
  const { state } = decide(edited, [succeeded(2)], context);
  expect(state.tasks[1]?.status).toBe("SUCCEEDED");
  expect(flawOf(state)).toMatch("I2");
});
