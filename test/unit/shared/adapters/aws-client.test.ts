import { expect, test } from "vitest";
import { awsRefusal } from "../../../../functions/shared/adapters/aws-client.ts";
import { RetryableError, TerminalError } from "../../../../functions/shared/kernel/errors.ts";

const sdkError = (name: string, fields: object = {}): Error =>
  Object.assign(new Error("User: arn:aws:sts::123456789012:assumed-role/x is not authorized"), {
    name,
    ...fields,
  });

test.each([
  sdkError("ThrottlingException", { $metadata: { httpStatusCode: 400 } }),
  sdkError("ProvisionedThroughputExceededException", { $metadata: { httpStatusCode: 400 } }),
  sdkError("RequestLimitExceeded", { $metadata: { httpStatusCode: 400 } }),
  sdkError("OverLimit", { $metadata: { httpStatusCode: 403 } }),
  sdkError("SlowDown", { $metadata: { httpStatusCode: 503 } }),
  sdkError("InternalServerError", { $metadata: { httpStatusCode: 500 } }),
  sdkError("TimeoutError"),
  sdkError("ExpiredTokenException", { $metadata: { httpStatusCode: 400 } }),
  sdkError("Error", { code: "ECONNREFUSED" }),
  sdkError("Error", { code: "ECONNRESET" }),
  sdkError("Error", { code: "ENOTFOUND" }),
  sdkError("Whatever", { $retryable: {} }),
])("$name $code may pass", (error) => {
  expect(awsRefusal(error, "DynamoDB GetItem")).toBeInstanceOf(RetryableError);
});

test.each([
  [sdkError("AccessDeniedException", { $metadata: { httpStatusCode: 400 } }), /check the function's role/],
  [sdkError("ResourceNotFoundException", { $metadata: { httpStatusCode: 400 } }), /exists in this account/],
  [sdkError("NoSuchBucket", { $metadata: { httpStatusCode: 404 } }), /exists in this account/],
  [sdkError("SerializationException", { $metadata: { httpStatusCode: 400 } }), /log has the details/],
  ["a string", /log has the details/],
])("%s will not pass, and says what to check", (error, advice) => {
  const refusal = awsRefusal(error, "DynamoDB GetItem");
  expect(refusal).toBeInstanceOf(TerminalError);
  expect(refusal.message).toMatch(advice);
});

test("no account, role or ARN is in the message; the cause keeps it for the log", () => {
  const error = sdkError("AccessDeniedException");
  const refusal = awsRefusal(error, "S3 GetObject");
  expect(refusal.message).not.toMatch(/arn|1234/);
  expect(refusal.cause).toBe(error);
});

test("what was judged already is left as it is", () => {
  const judged = new RetryableError("RateLimited", "later");
  expect(awsRefusal(judged, "x")).toBe(judged);
});
