import { expect, test } from "vitest";
import {
  failed,
  given,
  manifestOf,
  open,
  parallel,
  resumeTask,
  type Step,
  scheduleTask,
  single,
  started,
  stopRequested,
  succeeded,
  suspended,
  transfer,
  under,
  unreadable,
} from "../../../support/given.ts";

const someUsage = {
  calls: 1,
  inputTokens: 10,
  outputTokens: 10,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  microUsd: 5,
};

const forked = [started(), suspended(1, [parallel("planner", "critic")])];

test("an accepted execution schedules its entry task, once", () => {
  given()
    .when(started())
    .thenCommands(scheduleTask(1))
    .thenEvents("ExecutionStarted", "TaskScheduled 1 coder")
    .andAgainNothing();
});

test("an execution whose entry agent is gone fails at once", () => {
  const { state } = given(under({ agents: manifestOf(["planner"]) }))
    .when(started())
    .thenCommands()
    .thenEvents(
      "ExecutionStarted",
      "TaskScheduled 1 coder",
      "TaskFailed 1 AgentNotFound",
      "ExecutionFailed AgentNotFound",
    );
  expect(state.failure?.message).toBe("there is no agent named coder");
});

test("the entry task's answer is the execution's", () => {
  const { state } = given(started())
    .when(succeeded(1, { turns: 3 }))
    .thenCommands()
    .thenEvents("TaskSucceeded 1", "ExecutionSucceeded 1");
  expect(state).toMatchObject({ status: "SUCCEEDED", outputTask: 1, checks: {} });
  expect(state.tasks[0]).toMatchObject({ status: "SUCCEEDED", turns: 3 });
});

test("P15: nothing follows a terminal event, and nobody need look again", () => {
  const { decision } = given(started(), succeeded(1))
    .when(failed(1, "Internal"), stopRequested(), started())
    .thenNothing();
  expect(decision.postponed).toBe(false);
});

test("the execution ends with the preview of the answer, whoever gave it", () => {
  const endOf = (...steps: readonly Step[]) =>
    given(...steps)
      .when(succeeded(steps.length, { preview: "the answer" }))
      .decision.events.at(-1);
  const end = { type: "ExecutionSucceeded", preview: "the answer" };
  expect(endOf(started())).toMatchObject({ ...end, task: 1 });
  const transferred = suspended(1, [transfer("critic")]);
  expect(endOf(started(), transferred)).toMatchObject({ ...end, task: 2 });
});

test("an execution that finds no room to begin begins at the next look, and one place is enough", () => {
  const { decision } = given(under({ outboxRoom: 0 }))
    .when(started())
    .thenNothing();
  expect(decision.postponed).toBe(true);
  given(under({ outboxRoom: 1 }))
    .when(started())
    .thenCommands(scheduleTask(1));
});

test("a final failure of the entry task is the execution's failure", () => {
  const { state } = given(started())
    .when(failed(1, "BudgetExceeded"))
    .thenCommands()
    .thenEvents("TaskFailed 1 BudgetExceeded", "ExecutionFailed BudgetExceeded");
  expect(state).toMatchObject({ status: "FAILED", failure: { name: "BudgetExceeded" } });
});

test("[bad-input 38] a fact about a former attempt changes nothing", () => {
  const retried = given(started(), failed(1, "Internal"));
  retried.when(failed(1, "Internal", { attempt: 1 })).thenNothing();
  retried.when(succeeded(1, { attempt: 1 })).thenNothing();
  retried.when(suspended(1, [single("critic")], { attempt: 1 })).thenNothing();
});

test("a fact about an attempt that was never scheduled changes nothing", () => {
  given(started())
    .when(succeeded(1, { attempt: 2 }))
    .thenNothing();
});

test("a fact about a task that does not exist changes nothing", () => {
  given(started()).when(succeeded(7), failed(8, "Internal"), open(9), unreadable(10)).thenNothing();
});

test("a task that is open brings no news", () => {
  given(started()).when(open(1, Number.MAX_SAFE_INTEGER)).thenNothing();
});

test("P3: a stop aborts everything open, without a permit command, because PERMIT is where it came from", () => {
  given(...forked)
    .when(stopRequested("enough"))
    .thenCommands()
    .thenEvents("TaskAborted 1", "TaskAborted 2", "TaskAborted 3", "ExecutionAborted")
    .andAgainNothing();
});

test("a stop before the first look ends the execution without scheduling anything", () => {
  given()
    .when(stopRequested(), started())
    .thenCommands()
    .thenEvents("ExecutionStarted", "TaskScheduled 1 coder", "TaskAborted 1", "ExecutionAborted");
});

test("an answer that is there when the stop is seen counts", () => {
  given(started()).when(stopRequested(), succeeded(1)).thenEvents("TaskSucceeded 1", "ExecutionSucceeded 1");
});

test("P3: a stop that was obeyed before it was seen is a stop, never a failure and never retried", () => {
  const retryAll = manifestOf(
    ["coder", "planner", "critic"],
    [
      {
        errorEquals: ["States.ALL"],
        intervalSeconds: 1,
        backoffRate: 2,
        maxDelaySeconds: 60,
        maxAttempts: 9,
        jitterStrategy: "NONE",
      },
    ],
  );
  const { state } = given(under({ agents: retryAll }), started())
    .when(failed(1, "Aborted", { message: "stopped by the caller" }))
    .thenCommands()
    .thenEvents("TaskAborted 1", "ExecutionAborted");
  expect(state.status).toBe("ABORTED");
});

test("P3: a branch that obeyed a stop joins as aborted", () => {
  given(...forked, succeeded(2))
    .when(failed(3, "Aborted"))
    .thenCommands(resumeTask(1))
    .thenEvents("TaskAborted 3", "HandoffCompleted 1: succeeded aborted", "TaskResumed 1");
});

test("P3: a stop seen together with the task that obeyed it ends the execution with the caller's words", () => {
  const { state } = given(started()).when(failed(1, "Aborted"), stopRequested("enough"));
  expect(state).toMatchObject({ status: "ABORTED", failure: { name: "Aborted", message: "enough" } });
});

test("a record that nobody can read fails its task and is not retried", () => {
  const { decision } = given(...forked)
    .when(unreadable(2))
    .thenCommands()
    .thenEvents("TaskFailed 2 StateUnreadable");
  expect(decision.events[0]).toMatchObject({ failure: { message: "the record of task 2 is not readable" } });
});

test("a record that became unreadable keeps the count of what its task had done before", () => {
  const { decision } = given(
    ...forked,
    suspended(2, [single("critic")], { turns: 4, usage: someUsage }),
    succeeded(4),
    failed(2, "Internal", { turns: 5, usage: someUsage }),
  )
    .when(unreadable(2))
    .thenEvents("TaskFailed 2 StateUnreadable");
  expect(decision.events[0]).toMatchObject({ attempt: 2, turns: 5, usage: someUsage });
});

test("a record that is unreadable when a stop is seen is told as such: no stop has caused it", () => {
  given(...forked)
    .when(stopRequested(), unreadable(2))
    .thenEvents("TaskFailed 2 StateUnreadable", "TaskAborted 1", "TaskAborted 3", "ExecutionAborted");
});

test("an unreadable record counts for nothing while its task is suspended or over", () => {
  given(...forked)
    .when(unreadable(1))
    .thenNothing();
  given(...forked, succeeded(2))
    .when(unreadable(2))
    .thenNothing();
});

test("facts of one kind are told in the order of their tasks", () => {
  given(...forked)
    .when(failed(3, "Refused"), failed(2, "Refused"))
    .thenEvents(
      "TaskFailed 2 Refused",
      "TaskFailed 3 Refused",
      "HandoffCompleted 1: failed failed",
      "TaskResumed 1",
    );
});

test("facts of one look are judged together, whatever their order", () => {
  const facts = [succeeded(2), failed(3, "Refused")];
  const one = given(...forked).when(...facts);
  const other = given(...forked).when(...facts.toReversed());
  expect(other.decision).toEqual(one.decision);
  one.thenCommands(resumeTask(1)).andAgainNothing();
});

test("a preview is cut to its limit, and failures' texts are cut to the same", () => {
  const text = "ä".repeat(1000);
  const { decision, state } = given(...forked).when(
    succeeded(2, { preview: text }),
    failed(3, "Refused", { message: text }),
  );
  expect(decision.events[0]).toMatchObject({ preview: "ä".repeat(128) });
  expect(state.tasks[2]?.failure?.message).toBe("ä".repeat(128));
});

test("what a requester had used is known after it suspended, although a transfer never reports again", () => {
  const usage = { ...someUsage, calls: 4 };
  const { state } = given(started(), suspended(1, [transfer("critic")], { turns: 4, usage })).when(
    succeeded(2, { turns: 1 }),
  );
  expect(state.tasks[0]).toMatchObject({ status: "SUCCEEDED", turns: 4, usage, via: 2 });
});
