import fc from "fast-check";
import { expect, test } from "vitest";
import { retryDelay } from "../../../../functions/coordinator/core/retry.ts";
import { taskIdOf } from "../../../../functions/shared/contracts/ids.ts";
import { LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import {
  DEFAULT_RETRY_POLICY,
  type Retrier,
  RetryPolicy,
} from "../../../../functions/shared/contracts/retry-policy.ts";
import {
  after,
  EXECUTION_ID,
  failed,
  given,
  manifestOf,
  scheduleTask,
  single,
  started,
  succeeded,
  suspended,
  under,
} from "../../../support/given.ts";

const plain = (retrier: Partial<Retrier>): RetryPolicy =>
  RetryPolicy.parse([{ errorEquals: ["Flaky"], jitterStrategy: "NONE", ...retrier }]);
const flaky = { name: "Flaky", message: "" };
const delays = (policy: RetryPolicy, attempts: number): (number | undefined)[] =>
  Array.from({ length: attempts }, (_, index) => retryDelay(policy, flaky, index + 1, "task"));

test("the delay grows by BackoffRate up to MaxDelaySeconds, and MaxAttempts retries are all", () => {
  const policy = plain({ intervalSeconds: 2, backoffRate: 3, maxDelaySeconds: 20, maxAttempts: 4 });
  expect(delays(policy, 6)).toEqual([2, 6, 18, 20, undefined, undefined]);
});

test("MaxAttempts 0 means never", () => {
  expect(delays(plain({ maxAttempts: 0 }), 1)).toEqual([undefined]);
});

test("a failure that no retrier names is final; the first that names it decides", () => {
  const policy = RetryPolicy.parse([
    { errorEquals: ["Other", "Flaky"], maxAttempts: 0 },
    { errorEquals: ["States.ALL"], maxAttempts: 5 },
  ]);
  expect(retryDelay(policy, flaky, 1, "task")).toBeUndefined();
  expect(retryDelay(policy, { name: "Unheard", message: "" }, 1, "task")).toBeDefined();
  expect(retryDelay(DEFAULT_RETRY_POLICY, { name: "Refused", message: "" }, 1, "task")).toBeUndefined();
});

test("retry-after is a floor under the back-off, and SQS's 900 s a ceiling over both", () => {
  const policy = plain({ intervalSeconds: 900, maxDelaySeconds: 900, maxAttempts: 5 });
  expect(retryDelay(plain({}), { ...flaky, retryAfterSeconds: 41.2 }, 1, "task")).toBe(42);
  expect(retryDelay(plain({}), { ...flaky, retryAfterSeconds: 42 }, 1, "task")).toBe(42);
  expect(retryDelay(policy, { ...flaky, retryAfterSeconds: 900 }, 3, "task")).toBe(LIMITS.delaySecondsMax);
});

test("no policy makes a task try more often than the limit", () => {
  const policy = plain({ maxAttempts: LIMITS.attemptsMax });
  expect(retryDelay(policy, flaky, LIMITS.attemptsMax, "task")).toBeUndefined();
});

test("full jitter lies between nothing and the delay, is the same each time and spreads tasks that fail together", () => {
  const policy = RetryPolicy.parse([
    { errorEquals: ["Flaky"], intervalSeconds: 100, maxDelaySeconds: 100, maxAttempts: 30 },
  ]);
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 29 }), (taskId, attempt) => {
      const delay = retryDelay(policy, flaky, attempt, taskId);
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(100);
      expect(Number.isInteger(delay)).toBe(true);
      expect(retryDelay(policy, flaky, attempt, taskId)).toBe(delay);
    }),
  );
  const together = Array.from({ length: 20 }, (_, index) =>
    retryDelay(policy, flaky, 1, taskIdOf(EXECUTION_ID, index + 2)),
  );
  expect(new Set(together).size).toBeGreaterThan(12);
  expect(Math.max(...(together as number[])) - Math.min(...(together as number[]))).toBeGreaterThan(50);
});

const agents = manifestOf(["coder", "planner", "critic"], plain({ maxAttempts: 2, intervalSeconds: 10 }));

test("a failure that the agent's policy names is tried again after its delay", () => {
  given(under({ agents }), started())
    .when(failed(1, "Flaky"))
    .thenCommands(scheduleTask(1, 2, 10))
    .thenEvents("TaskFailed 1 Flaky", "TaskRetryScheduled 1 attempt 2")
    .andAgainNothing();
});

test("P14: a retried task keeps its suspensions, and its next handoff is the next one", () => {
  const { state } = given(
    under({ agents }),
    started(),
    suspended(1, [single("critic")]),
    succeeded(2),
    failed(1, "Flaky"),
  ).when(suspended(1, [single("planner")], { k: 2, attempt: 2 }));
  expect(state.tasks[0]).toMatchObject({ attempt: 2, suspensions: 2, status: "SUSPENDED" });
});

test("a retried task has no failure and no end", () => {
  const { state } = given(under({ agents }), started()).when(failed(1, "Flaky"));
  expect(state.tasks[0]).not.toHaveProperty("failure");
  expect(state.tasks[0]).not.toHaveProperty("endedAt");
});

test("the last attempt's failure is final", () => {
  given(under({ agents }), started(), failed(1, "Flaky"), failed(1, "Flaky", { attempt: 2 }))
    .when(failed(1, "Flaky", { attempt: 3 }))
    .thenEvents("TaskFailed 1 Flaky", "ExecutionFailed Flaky");
});

test("[bad-input 49] a retry that could only begin after the deadline is not scheduled: the failure keeps its name", () => {
  given(under({ agents, limits: { deadlineSeconds: 60 } }), started(), after(50_000))
    .when(failed(1, "Flaky"))
    .thenCommands()
    .thenEvents("TaskFailed 1 Flaky", "ExecutionFailed Flaky");
});

test("a retry without room in the outbox waits for the next look", () => {
  const { decision } = given(under({ agents }), started(), under({ outboxRoom: 0 }))
    .when(failed(1, "Flaky"))
    .thenNothing();
  expect(decision.postponed).toBe(true);
});

test("a retry takes one place in the outbox, a final failure none", () => {
  given(under({ agents }), started(), under({ outboxRoom: 1 }))
    .when(failed(1, "Flaky"))
    .thenCommands(scheduleTask(1, 2, 10));
  given(under({ agents }), started(), under({ outboxRoom: 0 }))
    .when(failed(1, "Refused"))
    .thenEvents("TaskFailed 1 Refused", "ExecutionFailed Refused");
});
