import { expect, test } from "vitest";
import { discreetErrorFields, errorFields } from "../../../../functions/shared/kernel/error-fields.ts";
import { RetryableError, TerminalError } from "../../../../functions/shared/kernel/errors.ts";

test("an error of ours shows its name, its sentence and the kind of its cause", () => {
  const cause = Object.assign(new Error("socket hang up"), { name: "TimeoutError" });
  expect(errorFields(new RetryableError("Internal", "SQS did not get through", { cause }))).toEqual({
    error: "Internal",
    retryable: true,
    reason: "SQS did not get through",
    cause: "TimeoutError: socket hang up",
  });
  expect(errorFields(new TerminalError("CheckpointLost", "blob x is gone"))).toEqual({
    error: "CheckpointLost",
    retryable: false,
    reason: "blob x is gone",
  });
});

test("what nobody foresaw shows its stack, cut", () => {
  const fields = errorFields(new RangeError("x".repeat(5_000)));
  expect(fields["error"]).toBe("RangeError");
  expect(String(fields["stack"])).toHaveLength(2_000);
});

test("where texts and keys pass through, what nobody foresaw shows its place and no word", () => {
  const fields = discreetErrorFields(new TypeError("canary, key sk-123"));
  expect(fields["error"]).toBe("TypeError");
  expect(fields["at"]).toContain("error-fields.test.ts");
  expect(JSON.stringify(fields)).not.toContain("canary");
  const ours = new TerminalError("Internal", "S3 PutObject was refused");
  expect(discreetErrorFields(ours)).toEqual(errorFields(ours));
  expect(discreetErrorFields("sk-canary")).toEqual({ error: "string" });
});

test("something thrown that is no error is named by its type, never shown", () => {
  expect(errorFields("sk-canary")).toEqual({ error: "string" });
});
