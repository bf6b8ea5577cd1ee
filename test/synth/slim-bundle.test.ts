import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { blobOf, type createS3Blobs } from "../../functions/shared/adapters/s3-blobs.ts";
import type { fetchFromSecretsManager } from "../../functions/shared/adapters/secrets-manager.ts";
import type { createSqsQueues } from "../../functions/shared/adapters/sqs-queues.ts";
import type { RetryableError } from "../../functions/shared/kernel/errors.ts";
import { slimBundle } from "../../infra/slim-bundle.ts";
import { bundleAlone } from "./bundle-alone.ts";

/** What a bundle's errors must still say when most of their classes are left out of it. */

interface Adapters {
  readonly createS3Blobs: typeof createS3Blobs;
  readonly createSqsQueues: typeof createSqsQueues;
  readonly fetchFromSecretsManager: typeof fetchFromSecretsManager;
  readonly RetryableError: typeof RetryableError;
}
interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

const ADAPTERS = `export { createS3Blobs } from "./functions/shared/adapters/s3-blobs.ts";
export { createSqsQueues } from "./functions/shared/adapters/sqs-queues.ts";
export { fetchFromSecretsManager } from "./functions/shared/adapters/secrets-manager.ts";
export { RetryableError } from "./functions/shared/kernel/errors.ts";`;
const EXECUTION = "0".repeat(26);

let folder: string;
let server: Server;
let refusal: Refusal;
let adapters: Adapters;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(refusal.status, refusal.headers).end(refusal.body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  vi.stubEnv("AWS_REGION", "us-east-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  vi.stubEnv("AWS_ENDPOINT_URL", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  folder = mkdtempSync(join(tmpdir(), "bulkhead-slim-"));
  const outfile = join(folder, "adapters.mjs");
  await bundleAlone(ADAPTERS, outfile, [slimBundle]);
  adapters = (await import(pathToFileURL(outfile).href)) as Adapters;
});

afterAll(() => {
  vi.unstubAllEnvs();
  server.close();
  rmSync(folder, { recursive: true });
});

const blobs = () => adapters.createS3Blobs({ bucket: "bucket", pathStyle: true });
const queues = () =>
  adapters.createSqsQueues({
    events: "https://queue.example/events",
    agents: {},
    own: "https://queue.example/own",
  });

/** As SQS says it: in its older protocol's words too, and those come first. */
const sqsRefusal = (type: string, code: string): Refusal => ({
  status: 400,
  headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-query-error": `${code};Sender` },
  body: JSON.stringify({ __type: `com.amazonaws.sqs#${type}`, message: "no" }),
});
const s3Refusal = (status: number, code: string): Refusal => ({
  status,
  headers: { "content-type": "application/xml" },
  body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>no</Message></Error>`,
});

test.each([
  ["MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"],
  ["ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"],
])("a message that is no longer ours need not be hidden: %s", async (type, code) => {
  refusal = sqsRefusal(type, code);
  await expect(queues().hide("receipt", 1)).resolves.toBeUndefined();
});

test.each([
  [
    "QueueDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",
    "(QueueDoesNotExist); check that what",
    false,
  ],
  ["RequestThrottled", "RequestThrottled", "(RequestThrottled)", true],
  ["KmsThrottled", "KMS.ThrottlingException", "(KMS.ThrottlingException)", true],
  ["OverLimit", "OverLimit", "(OverLimit)", true],
])("a refusal of SQS is judged by its name: %s", async (type, code, told, mayPass) => {
  refusal = sqsRefusal(type, code);
  const error = await rejectionOf(queues().hide("receipt", 1));
  expect(error.message).toContain(told);
  expect(error instanceof adapters.RetryableError).toBe(mayPass);
});

test.each([
  ["NoSuchKey", 404, "is gone", false],
  ["NoSuchBucket", 404, "(NoSuchBucket); check that what", false],
  ["AccessDenied", 403, "(AccessDenied); check the function's role", false],
  ["SlowDown", 503, "(SlowDown)", true],
])("a refusal of S3 is judged by its name: %s", async (code, status, told, mayPass) => {
  refusal = s3Refusal(status, code);
  const blob = blobOf(EXECUTION, Buffer.from("text"));
  const error = await rejectionOf(blobs().get(blob));
  expect(error.message).toContain(told);
  expect(error instanceof adapters.RetryableError).toBe(mayPass);
});

test.each(["ResourceNotFoundException", "InvalidRequestException", "DecryptionFailure"])(
  "a refusal of Secrets Manager keeps its name: %s",
  async (type) => {
    refusal = {
      status: 400,
      headers: { "content-type": "application/x-amz-json-1.1" },
      body: JSON.stringify({ __type: type, message: "no" }),
    };
    expect((await rejectionOf(adapters.fetchFromSecretsManager("secret"))).name).toBe(type);
  },
);

const rejectionOf = async (action: Promise<unknown>): Promise<Error> => {
  try {
    await action;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was expected to reject");
};
