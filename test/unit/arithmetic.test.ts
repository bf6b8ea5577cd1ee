import { expect, test } from "vitest";
import { LIMITS } from "../../functions/shared/contracts/limits.ts";
import { AWS_TIMES, LOCAL_TIMES } from "../../functions/shared/contracts/protocol-times.ts";

// docs/architecture.md explains these relations; whoever changes a number learns here what leaned on it.

test.for([
  ["on AWS", AWS_TIMES],
  ["on the embedded host", LOCAL_TIMES],
] as const)("%s the protocol's times stand in the relations they need", ([, times]) => {
  // Two heartbeats may fail before a lease runs out.
  expect(times.leaseMs).toBeGreaterThanOrEqual(3 * times.beatMs);
  // A sweep finds an outbox that nobody drains, and what it finds may be drained.
  expect(times.outboxCheckMs).toBeGreaterThanOrEqual(times.outboxAgeMs);
  expect(times.resendMsMax).toBeGreaterThan(times.resendMs);
});

test("a program that does not stop is ended long before the sandbox's own 30 s", () => {
  expect(LIMITS.codeMsMax + 1_000).toBeLessThan(30_000 / 2);
  expect(LIMITS.codeOutputBytesMax).toBeLessThan(6 * 1024 * 1024);
  expect(LIMITS.programBytesMax * 6).toBeLessThan(6 * 1024 * 1024);
});

test("on AWS a live owner's message is not sent anew, and a killed one's task is taken over first", () => {
  expect(AWS_TIMES.resendMs).toBeGreaterThan(AWS_TIMES.leaseMs + AWS_TIMES.stealMarginMs);
});

test("on the embedded host a killed agent's task is taken up again within 5 s", () => {
  expect(LOCAL_TIMES.leaseMs + LOCAL_TIMES.stealMarginMs).toBeLessThan(5_000);
});

test("a retry's delay and a message's size are what SQS takes", () => {
  expect(LIMITS.delaySecondsMax).toBe(900);
  expect(LIMITS.messageBytesMax).toBeLessThan(256 * 1024);
});

test("a turn fits an invocation of Lambda", () => {
  expect(LIMITS.modelCallMsMax + LIMITS.wrapUpMs).toBeLessThan(900_000);
  expect(LIMITS.modelIdleMsMax).toBeLessThan(LIMITS.modelCallMsMax);
  expect(LIMITS.servedCallMsMax + LIMITS.wrapUpMs).toBeLessThan(900_000);
});

test("answers fit the tool result and the record that carries them", () => {
  expect(LIMITS.answersInlineBytesMax).toBeLessThan(LIMITS.toolResultBytesMax);
  expect(LIMITS.answersInlineBytesMax + LIMITS.answerInlineBytesMax).toBeLessThan(LIMITS.taskInlineBytesMax);
  expect(LIMITS.answerInlineBytesMax).toBeLessThanOrEqual(LIMITS.answersInlineBytesMax);
});

test("STATE fails an execution before DynamoDB refuses its item", () => {
  expect(LIMITS.stateBytesTarget).toBeLessThan(LIMITS.stateBytesMax);
  expect(LIMITS.stateBytesMax).toBeLessThan(400_000);
});

test("one handoff fits one commit", () => {
  expect(LIMITS.fanOutMax).toBeLessThanOrEqual(LIMITS.outboxMax);
  expect(LIMITS.fanOutMax).toBeLessThanOrEqual(LIMITS.tasksMax);
});
