import { expect, test } from "vitest";
import { nextCheckAt } from "../../../../functions/coordinator/core/checks.ts";
import { AWS_TIMES } from "../../../../functions/shared/contracts/protocol-times.ts";
import {
  acceptedState,
  after,
  clockTicked,
  failed,
  failFast,
  given,
  manifestOf,
  open,
  parallel,
  resumeTask,
  START,
  type Step,
  sendWork,
  single,
  started,
  stopExecution,
  stopTasks,
  succeeded,
  suspended,
  transfer,
  under,
} from "../../../support/given.ts";

const { resendMs, resendMsMax, stealMarginMs, outboxCheckMs } = AWS_TIMES;

test("P10: what was just sent is not sent again before its time", () => {
  given(started(), after(resendMs - 1))
    .when(open(1), clockTicked())
    .thenNothing();
});

test("P10: an unclaimed task's message is sent anew when its time has come", () => {
  given(started(), after(resendMs)).when(open(1), clockTicked()).thenCommands(sendWork(1)).thenEvents();
});

test("P10: the interval doubles up to its maximum", () => {
  const passed: Step[] = [started()];
  for (const interval of [1, 2, 4, 8, 10, 10].map((factor) => factor * resendMs)) {
    expect(interval).toBeLessThanOrEqual(resendMsMax);
    given(...passed, after(interval - 1))
      .when(open(1), clockTicked())
      .thenNothing();
    passed.push(after(interval));
    given(...passed)
      .when(open(1), clockTicked())
      .thenCommands(sendWork(1));
    passed.push([open(1), clockTicked()]);
  }
});

test("P10: a task whose lease lives is left in peace until it could be stolen", () => {
  const leaseUntil = START + resendMs + 5_000;
  const { state } = given(started(), after(resendMs))
    .when(open(1, leaseUntil), clockTicked())
    .thenCommands()
    .thenEvents();
  expect(state.checks[1]).toEqual({ at: leaseUntil + stealMarginMs, intervalMs: resendMs });
});

test("P7, P10: a lease that ran out less than the margin ago still counts as held", () => {
  const outcome = given(started(), after(resendMs)).when(
    open(1, START + resendMs - stealMarginMs + 1),
    clockTicked(),
  );
  outcome.thenCommands();
  given(started(), after(resendMs))
    .when(open(1, START + resendMs - stealMarginMs), clockTicked())
    .thenCommands(sendWork(1));
});

test("P10: a retry's check waits for its back-off too", () => {
  const agents = manifestOf(
    ["coder"],
    [
      {
        errorEquals: ["Flaky"],
        intervalSeconds: 100,
        backoffRate: 1,
        maxDelaySeconds: 100,
        maxAttempts: 1,
        jitterStrategy: "NONE",
      },
    ],
  );
  const { state } = given(under({ agents }), started()).when(failed(1, "Flaky"));
  expect(state.checks[1]?.at).toBe(START + 100_000 + resendMs);
});

test("a lease of a former attempt protects nobody", () => {
  given(started(), failed(1, "Internal"), after(resendMs + 1000))
    .when(open(1, Number.MAX_SAFE_INTEGER, 1), clockTicked())
    .thenCommands(sendWork(1));
});

test("a re-send without room in the outbox waits for the next look", () => {
  const { decision } = given(started(), after(resendMs), under({ outboxRoom: 0 }))
    .when(open(1), clockTicked())
    .thenNothing();
  expect(decision.postponed).toBe(true);
  given(started(), after(resendMs), under({ outboxRoom: 1 }))
    .when(open(1), clockTicked())
    .thenCommands(sendWork(1));
});

test("[bad-input 40] a look long before any deadline times nothing out", () => {
  given(started()).when(clockTicked()).thenNothing();
  given(started(), suspended(1, [parallel("planner", "critic")]))
    .when(clockTicked())
    .thenNothing();
});

test("a handoff's deadline passes at its time and not a millisecond before", () => {
  const asked = [started(), suspended(1, [single("planner", { deadlineSeconds: 10 })])];
  given(...asked, after(9_999))
    .when(clockTicked())
    .thenNothing();
  given(...asked, after(10_000))
    .when(clockTicked())
    .thenCommands(stopTasks("the handoff's deadline passed", 2), resumeTask(1));
});

test("the execution's deadline times out everything open and stops the spending", () => {
  const { state } = given(started(), suspended(1, [parallel("planner", "critic")]), after(3_600_000))
    .when(clockTicked())
    .thenCommands(stopExecution("the execution's deadline passed"))
    .thenEvents(
      "TaskTimedOut 1 execution",
      "TaskTimedOut 2 execution",
      "TaskTimedOut 3 execution",
      "ExecutionTimedOut",
    );
  expect(state.failure).toEqual({
    name: "TimedOut",
    message: "the execution did not end within 3600 s",
  });
});

test("P12: finished work is never timed out", () => {
  given(started(), after(3_600_000))
    .when(clockTicked(), succeeded(1))
    .thenCommands()
    .thenEvents("TaskSucceeded 1", "ExecutionSucceeded 1");
});

test("P12: nor is a branch that finished by its handoff's deadline", () => {
  given(started(), suspended(1, [{ ...parallel("planner", "critic"), deadlineSeconds: 10 }]), after(10_000))
    .when(clockTicked(), succeeded(2))
    .thenCommands(stopTasks("the handoff's deadline passed", 3), resumeTask(1))
    .thenEvents(
      "TaskSucceeded 2",
      "TaskTimedOut 3 handoff",
      "HandoffCompleted 1: succeeded timed_out",
      "TaskResumed 1",
    )
    .andAgainNothing();
});

test("a handoff's deadline reaches whatever its branches asked for", () => {
  given(
    started(),
    suspended(1, [single("planner", { deadlineSeconds: 10 })]),
    suspended(2, [single("critic", { deadlineSeconds: 10 })]),
    after(10_000),
  )
    .when(clockTicked())
    .thenCommands(stopTasks("the handoff's deadline passed", 2, 3), resumeTask(1))
    .thenEvents(
      "TaskTimedOut 2 handoff",
      "TaskTimedOut 3 handoff",
      "HandoffCompleted 1: timed_out",
      "TaskResumed 1",
    );
});

test("a transfer that misses its handoff's deadline fails the execution as TimedOut", () => {
  const { state } = given(
    started(),
    suspended(1, [transfer("critic", { deadlineSeconds: 10 })]),
    after(10_000),
  )
    .when(clockTicked())
    .thenEvents(
      "TaskTimedOut 2 handoff",
      "HandoffCompleted 1: timed_out",
      "TaskTimedOut 1 handoff",
      "ExecutionFailed TimedOut",
    );
  expect(state.status).toBe("FAILED");
});

test("a handoff's deadline is never later than the execution's", () => {
  const { state } = given(started()).when(suspended(1, [single("critic", { deadlineSeconds: 86_400 })]));
  expect(state.handoffs[0]?.deadlineAt).toBe(state.deadlineAt);
});

const look = (state: Parameters<typeof nextCheckAt>[0]["state"], outboxIsEmpty = true, postponed = false) =>
  nextCheckAt({ state, postponed }, outboxIsEmpty, { now: START, times: AWS_TIMES });

test("P11: the next look is the earliest of deadlines, checks and the outbox's", () => {
  expect(look(given(started()).state)).toBe(START + resendMs);
  expect(look(given(started()).state, false)).toBe(START + outboxCheckMs);
  const soon = given(started(), suspended(1, [single("critic", { deadlineSeconds: 5 })]));
  expect(look(soon.state)).toBe(START + 5_000);
  expect(look(given(under({ limits: { deadlineSeconds: 7 } }), started()).state)).toBe(START + 7_000);
});

test("P11: what nobody has decided yet is looked at now", () => {
  expect(look(acceptedState())).toBe(START);
  expect(look(given(started()).state, true, true)).toBe(START);
});

test("P11: a joined handoff's deadline is over", () => {
  const joined = given(started(), suspended(1, [single("critic", { deadlineSeconds: 5 })]), succeeded(2));
  expect(look(joined.state)).toBe(START + resendMs);
});

test("P11: nor does it count when its task has asked for something else since", () => {
  const asked = given(
    started(),
    suspended(1, [single("critic", { deadlineSeconds: 5 })]),
    succeeded(2),
    suspended(1, [single("planner")], { k: 2 }),
  );
  expect(look(asked.state)).toBe(START + resendMs);
});

test("P11: nor does the deadline of a handoff whose requester was cut off", () => {
  const cutOff = given(
    started(),
    suspended(1, [failFast("planner", "critic")]),
    suspended(3, [single("planner", { deadlineSeconds: 5 })]),
    failed(2, "Refused"),
  );
  expect(look(cutOff.state)).toBe(START + resendMs);
});

test("P11: a handoff without a deadline hides no other deadline", () => {
  const asked = given(under({ limits: { deadlineSeconds: 7 } }), started(), suspended(1, [single("critic")]));
  expect(look(asked.state)).toBe(START + 7_000);
});

test("P11: calls that still wait for room are looked at now", () => {
  const calls = [single("planner"), single("critic")];
  const waiting = given(started(), under({ outboxRoom: 1 }), suspended(1, calls));
  expect(look(waiting.state)).toBe(START);
});

test("P11: nobody looks at a terminal execution once its outbox is empty", () => {
  const { state } = given(started(), succeeded(1));
  expect(look(state)).toBeUndefined();
  expect(look(state, false)).toBe(START + outboxCheckMs);
});
