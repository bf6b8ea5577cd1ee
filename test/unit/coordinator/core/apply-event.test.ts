import { describe, expect, test } from "vitest";
import { applyEvent } from "../../../../functions/coordinator/core/apply-event.ts";
import type { ExecutionState, TaskState } from "../../../../functions/shared/contracts/execution-state.ts";
import type { EventBody } from "../../../../functions/shared/contracts/history-event.ts";
import { NO_USAGE } from "../../../../functions/shared/contracts/usage.ts";
import { acceptedState, given, parallel, START, started, suspended } from "../../../support/given.ts";

const LATER = START + 5_000;
const usage = { ...NO_USAGE, calls: 2, inputTokens: 30, microUsd: 7 };
const refused = { name: "Refused", message: "no" };

/** Coder waits for planner (2) and critic (3). */
const forked = given(started(), suspended(1, [parallel("planner", "critic")])).state;
const N = forked.eventCount + 1;
const apply = (body: EventBody, state = forked): ExecutionState =>
  applyEvent(state, { n: N, at: LATER, ...body });

const failed = apply({ type: "TaskFailed", task: 2, attempt: 1, turns: 3, usage, failure: refused });

describe("an event about a task changes that task and nothing else:", () => {
  const planner = forked.tasks[1] as TaskState;
  const coder = forked.tasks[0] as TaskState;
  const worked = { turns: 3, usage };
  const ended = { ...worked, endedAt: LATER };

  test.each<[EventBody, TaskState]>([
    [
      { type: "TaskSucceeded", task: 2, attempt: 1, ...worked, preview: "" },
      { ...planner, ...ended, status: "SUCCEEDED" },
    ],
    [
      { type: "TaskSucceeded", task: 2, attempt: 1, ...worked, preview: "", via: 3 },
      { ...planner, ...ended, status: "SUCCEEDED", via: 3 },
    ],
    [
      { type: "TaskFailed", task: 2, attempt: 1, ...worked, failure: refused },
      { ...planner, ...ended, status: "FAILED", failure: refused },
    ],
    [
      { type: "TaskFailed", task: 2, attempt: 1, ...worked, failure: refused, via: 3 },
      { ...planner, ...ended, status: "FAILED", failure: refused, via: 3 },
    ],
    [
      { type: "TaskTimedOut", task: 2, cause: "handoff" },
      {
        ...planner,
        status: "TIMED_OUT",
        failure: { name: "TimedOut", message: "the handoff's deadline passed" },
        endedAt: LATER,
      },
    ],
    [
      { type: "TaskAborted", task: 2, cause: "enough" },
      { ...planner, status: "ABORTED", failure: { name: "Aborted", message: "enough" }, endedAt: LATER },
    ],
    [
      { type: "TaskResumed", task: 1, k: 1 },
      { ...coder, status: "SCHEDULED" },
    ],
  ])("%j", (body, expected) => {
    const state = apply(body);
    const tasks = forked.tasks.map((task) => (task.n === expected.n ? expected : task));
    expect(state).toStrictEqual({ ...forked, tasks, eventCount: N });
  });
});

test("a retry takes the failure and the end back, and keeps what was used", () => {
  const { failure: _failure, endedAt: _endedAt, ...kept } = failed.tasks[1] as TaskState;
  const state = apply({ type: "TaskRetryScheduled", task: 2, attempt: 2, delaySeconds: 4 }, failed);
  expect(state.tasks[1]).toStrictEqual({ ...kept, status: "SCHEDULED", attempt: 2 });
});

test("a task that is scheduled has done nothing yet; only a branch names its handoff", () => {
  const fresh = { status: "SCHEDULED", attempt: 1, suspensions: 0, turns: 0, usage: NO_USAGE };
  const place = { agent: "critic", depth: 2 };
  const branch = apply({ type: "TaskScheduled", task: 4, ...place, handoff: 2 });
  expect(branch.tasks).toStrictEqual([
    ...forked.tasks,
    { n: 4, ...place, handoff: 2, ...fresh, scheduledAt: LATER },
  ]);
  const entry = apply({ type: "TaskScheduled", task: 1, agent: "coder", depth: 0 }, acceptedState());
  expect(entry.tasks).toStrictEqual([{ n: 1, agent: "coder", depth: 0, ...fresh, scheduledAt: LATER }]);
});

describe("a handoff", () => {
  const request: Extract<EventBody, { type: "HandoffRequested" }> = {
    type: "HandoffRequested",
    handoff: 2,
    task: 3,
    k: 1,
    callId: "c",
    mode: "parallel",
    branches: [
      { task: 4, agent: "coder", preview: "" },
      { task: 5, agent: "planner", preview: "" },
    ],
    onFailure: { quorum: 1 },
    turns: 3,
    usage,
  };
  const open = {
    n: 2,
    requester: 3,
    k: 1,
    callId: "c",
    mode: "parallel",
    branches: [4, 5],
    onFailure: { quorum: 1 },
    status: "OPEN",
  };

  test("opens with its branches, and suspends its requester with what that one has used", () => {
    const { handoffs, tasks } = apply(request);
    expect(handoffs).toStrictEqual([...forked.handoffs, open]);
    expect(tasks[2]).toStrictEqual({
      ...forked.tasks[2],
      status: "SUSPENDED",
      suspensions: 1,
      turns: 3,
      usage,
    });
  });

  test("keeps its deadline and the number of calls beside it, where there are any", () => {
    const { handoffs } = apply({ ...request, deadlineAt: LATER + 1, calls: 2 });
    expect(handoffs[1]).toStrictEqual({ ...open, deadlineAt: LATER + 1, calls: 2 });
  });

  test("joins by its number", () => {
    const two = apply(request);
    const { handoffs } = apply({ type: "HandoffCompleted", handoff: 2, results: [] }, two);
    expect(handoffs.map(({ status }) => status)).toEqual(["OPEN", "JOINED"]);
  });
});

describe("the end of an execution is its status, its time and its reason:", () => {
  test.each<[EventBody, Partial<ExecutionState>]>([
    [
      { type: "ExecutionSucceeded", task: 2, preview: "" },
      { status: "SUCCEEDED", outputTask: 2 },
    ],
    [
      { type: "ExecutionFailed", failure: refused },
      { status: "FAILED", failure: refused },
    ],
    [
      { type: "ExecutionTimedOut", failure: refused },
      { status: "TIMED_OUT", failure: refused },
    ],
    [
      { type: "ExecutionAborted", cause: "enough" },
      { status: "ABORTED", failure: { name: "Aborted", message: "enough" } },
    ],
  ])("%j", (body, end) => {
    expect(apply(body)).toStrictEqual({ ...forked, ...end, endedAt: LATER, eventCount: N });
  });
});

test("an event about a task or a handoff that is not there only counts", () => {
  const counted = { ...forked, eventCount: N };
  expect(apply({ type: "TaskResumed", task: 9, k: 1 })).toStrictEqual(counted);
  expect(apply({ type: "HandoffCompleted", handoff: 9, results: [] })).toStrictEqual(counted);
});
