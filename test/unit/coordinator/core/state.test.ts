import { expect, test } from "vitest";
import {
  answeringTask,
  deadlineOf,
  hasUnrequestedCalls,
  withDescendants,
} from "../../../../functions/coordinator/core/state.ts";
import type {
  ExecutionState,
  HandoffState,
  TaskState,
} from "../../../../functions/shared/contracts/execution-state.ts";
import { LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import {
  given,
  parallel,
  START,
  single,
  started,
  succeeded,
  suspended,
  transfer,
  under,
} from "../../../support/given.ts";

const numbers = (tasks: readonly TaskState[]): number[] => tasks.map(({ n }) => n);

/** 1 asked 2 and 3; 2 asked 4, which asked 5. */
const deep = given(
  started(),
  suspended(1, [{ ...parallel("planner", "critic"), deadlineSeconds: 50 }]),
  suspended(2, [single("coder", { deadlineSeconds: 20 })]),
  suspended(4, [single("critic", { deadlineSeconds: 40 })]),
).state;

const withHandoff = (n: number, change: Partial<HandoffState>): ExecutionState => ({
  ...deep,
  handoffs: deep.handoffs.map((handoff) => (handoff.n === n ? { ...handoff, ...change } : handoff)),
});
const withVia = (state: ExecutionState, n: number, via: number): ExecutionState => ({
  ...state,
  tasks: state.tasks.map((task) => (task.n === n ? { ...task, via } : task)),
});

test("descendants are all that was asked for below, not what stands beside", () => {
  expect(numbers(withDescendants(deep, [2]))).toEqual([2, 4, 5]);
  expect(numbers(withDescendants(deep, [3, 4]))).toEqual([3, 4, 5]);
  expect(numbers(withDescendants(deep, [1]))).toEqual([1, 2, 3, 4, 5]);
  expect(numbers(withDescendants(deep, [9]))).toEqual([]);
});

test("work is worthless after the earliest deadline above it, wherever that stands", () => {
  expect(deadlineOf(deep, 1)).toBe(deep.deadlineAt);
  expect(deadlineOf(deep, 3)).toBe(START + 50_000);
  expect(deadlineOf(deep, 4)).toBe(START + 20_000);
  expect(deadlineOf(deep, 5)).toBe(START + 20_000);
  expect(deadlineOf(withHandoff(3, { deadlineAt: START + 10_000 }), 5)).toBe(START + 10_000);
});

test("the climb to a deadline ends in a state whose handoffs lead in a circle", () => {
  expect(deadlineOf(withHandoff(3, { requester: 5 }), 5)).toBe(deep.deadlineAt);
  expect(deadlineOf(withHandoff(1, { requester: 5 }), 5)).toBe(START + 20_000);
});

test("the answer of a task that transferred is in the record of the last that it was passed to", () => {
  const { state } = given(
    started(),
    suspended(1, [transfer("planner")]),
    suspended(2, [transfer("critic")]),
    succeeded(3),
  );
  expect(state.tasks.map((task) => answeringTask(state, task).n)).toEqual([3, 3, 3]);
});

test("the way to an answer ends in a state whose transfers lead in a circle, or nowhere", () => {
  const first = (state: ExecutionState): number => answeringTask(state, state.tasks[0] as TaskState).n;
  expect(first(withVia(withVia(deep, 1, 2), 2, 1))).toBe(2);
  expect(first(withVia(deep, 1, 1))).toBe(1);
  expect(first(withVia(deep, 1, 9))).toBe(1);
});

test("only a suspended task can have calls that wait for room", () => {
  const calls = [single("planner"), single("critic")];
  const waiting = given(started(), under({ outboxRoom: 1 }), suspended(1, calls)).state;
  const [coder, planner] = waiting.tasks as [TaskState, TaskState];
  expect(hasUnrequestedCalls(waiting, coder)).toBe(true);
  expect(hasUnrequestedCalls(waiting, { ...coder, status: "SCHEDULED" })).toBe(false);
  expect(hasUnrequestedCalls(waiting, planner)).toBe(false);

  const all = given(started(), under({ outboxRoom: LIMITS.outboxMax }), suspended(1, calls)).state;
  expect(hasUnrequestedCalls(all, all.tasks[0] as TaskState)).toBe(false);
});
