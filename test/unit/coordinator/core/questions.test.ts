import { expect, test } from "vitest";
import { HUMAN } from "../../../../functions/shared/contracts/human.ts";
import { LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import { AWS_TIMES } from "../../../../functions/shared/contracts/protocol-times.ts";
import {
  after,
  clockTicked,
  given,
  open,
  parallel,
  resumeTask,
  type Step,
  scheduleTask,
  single,
  started,
  stopRequested,
  stopTasks,
  succeeded,
  suspended,
  under,
} from "../../../support/given.ts";

const { resendMs, resendMsMax } = AWS_TIMES;
const question = (deadlineSeconds?: number) =>
  single(HUMAN, deadlineSeconds === undefined ? {} : { deadlineSeconds });

test("a question becomes a task of the person, who is in no manifest", () => {
  given(started())
    .when(suspended(1, [question()]))
    .thenCommands(scheduleTask(2))
    .thenEvents("HandoffRequested 1 by 1: 2", "TaskScheduled 2 human")
    .andAgainNothing();
});

test("the person's answer resumes who asked", () => {
  given(started(), suspended(1, [question()]))
    .when(succeeded(2))
    .thenCommands(resumeTask(1))
    .thenEvents("TaskSucceeded 2", "HandoffCompleted 1: succeeded", "TaskResumed 1")
    .andAgainNothing();
});

test("a question and a handoff of one turn resume their task once, when both have joined", () => {
  const asked = given(started(), suspended(1, [parallel("planner", "critic"), question()]));
  expect(asked.state.tasks.map(({ agent, status }) => [agent, status])).toEqual([
    ["coder", "SUSPENDED"],
    ["planner", "SCHEDULED"],
    ["critic", "SCHEDULED"],
    [HUMAN, "SCHEDULED"],
  ]);
  given(started(), suspended(1, [parallel("planner", "critic"), question()]), succeeded(4), succeeded(2))
    .when(succeeded(3))
    .thenCommands(resumeTask(1))
    .thenEvents("TaskSucceeded 3", "HandoffCompleted 1: succeeded succeeded", "TaskResumed 1");
});

test("a question costs no depth: it is asked where handoffs may nest no deeper", () => {
  const { state } = given(under({ limits: { depth: 0 } }), started())
    .when(suspended(1, [question(), single("planner")]))
    .thenEvents(
      "HandoffRequested 1 by 1: 2",
      "TaskScheduled 2 human",
      "HandoffRequested 2 by 1: 3",
      "TaskScheduled 3 planner",
      "TaskFailed 3 DepthExceeded",
      "HandoffCompleted 2: failed",
    );
  expect(state.tasks[1]?.depth).toBe(0);
});

test("a question is a task among others: one too many is not asked", () => {
  const many = Array.from({ length: LIMITS.fanOutMax }, () => "planner");
  const passed = Array.from({ length: 4 }, (_, index) => [
    suspended(1, [parallel(...many)], { k: index + 1 }),
    many.map((_, branch) => succeeded(index * LIMITS.fanOutMax + branch + 2)),
  ]).flat();
  const last = suspended(1, [parallel(...many.slice(1)), question()], { k: 5 });
  const { events } = given(started(), ...passed).when(last).decision;
  expect(events.at(-1)).toMatchObject({ type: "HandoffCompleted" });
  expect(events.find((event) => event.type === "TaskFailed")).toMatchObject({
    task: LIMITS.tasksMax + 1,
    failure: { name: "TooManyTasks" },
  });
});

test("P10: nothing is sent to a person; the record is looked at less and less often, at most every 15 minutes", () => {
  const asked = [started(), suspended(1, [question()])];
  let at = resendMs;
  const steps: Step[] = [...asked, after(resendMs)];
  for (const factor of [2, 4, 8, 10, 10]) {
    const { state } = given(...steps)
      .when(open(2), clockTicked())
      .thenCommands()
      .thenEvents();
    const intervalMs = Math.min(factor * resendMs, resendMsMax);
    expect(state.checks[2]?.intervalMs).toBe(intervalMs);
    at += intervalMs;
    steps.push([open(2), clockTicked()], after(intervalMs));
  }
  expect(resendMsMax).toBe(15 * 60_000);
  expect(at).toBeLessThan(3_600_000);
});

test("a question that nobody answers in time counts as timed out, and its task resumes", () => {
  given(started(), suspended(1, [question(60)]), after(60_000))
    .when(open(2), clockTicked())
    .thenCommands(stopTasks("the handoff's deadline passed", 2), resumeTask(1))
    .thenEvents("TaskTimedOut 2 handoff", "HandoffCompleted 1: timed_out", "TaskResumed 1");
});

test("P12: an answer that is there when the deadline has passed counts", () => {
  given(started(), suspended(1, [question(60)]), after(60_001))
    .when(succeeded(2), clockTicked())
    .thenEvents("TaskSucceeded 2", "HandoffCompleted 1: succeeded", "TaskResumed 1");
});

test("the end of an execution closes its questions", () => {
  given(started(), suspended(1, [question()]))
    .when(stopRequested(), open(2))
    .thenEvents("TaskAborted 1", "TaskAborted 2", "ExecutionAborted");
  given(under({ limits: { deadlineSeconds: 10 } }), started(), suspended(1, [question()]), after(10_000))
    .when(open(2), clockTicked())
    .thenEvents("TaskTimedOut 1 execution", "TaskTimedOut 2 execution", "ExecutionTimedOut");
});
