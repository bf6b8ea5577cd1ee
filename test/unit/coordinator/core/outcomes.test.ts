import { expect, test } from "vitest";
import {
  failed,
  given,
  manifestOf,
  open,
  parallel,
  resumeTask,
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
  given(under({ agents: manifestOf(["planner"]) }))
    .when(started())
    .thenCommands()
    .thenEvents(
      "ExecutionStarted",
      "TaskScheduled 1 coder",
      "TaskFailed 1 AgentNotFound",
      "ExecutionFailed AgentNotFound",
    );
});

test("the entry task's answer is the execution's", () => {
  const { state } = given(started())
    .when(succeeded(1, { turns: 3 }))
    .thenCommands()
    .thenEvents("TaskSucceeded 1", "ExecutionSucceeded 1");
  expect(state).toMatchObject({ status: "SUCCEEDED", outputTask: 1, checks: {} });
  expect(state.tasks[0]).toMatchObject({ status: "SUCCEEDED", turns: 3 });
});

test("P15: nothing follows a terminal event", () => {
  given(started(), succeeded(1)).when(failed(1, "Internal"), stopRequested(), started()).thenNothing();
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
  given(...forked)
    .when(unreadable(2))
    .thenCommands()
    .thenEvents("TaskFailed 2 StateUnreadable");
});

test("an unreadable record counts for nothing while its task is suspended or over", () => {
  given(...forked)
    .when(unreadable(1))
    .thenNothing();
  given(...forked, succeeded(2))
    .when(unreadable(2))
    .thenNothing();
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
