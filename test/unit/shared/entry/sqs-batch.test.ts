import type { SQSEvent } from "aws-lambda";
import { describe, expect, test } from "vitest";
import { handleBatch, oneByOne } from "../../../../functions/shared/entry/sqs-batch.ts";
import { RetryableError } from "../../../../functions/shared/kernel/errors.ts";
import { createJsonLog } from "../../../../functions/shared/kernel/log.ts";
import type { Delivery, Verdict } from "../../../../functions/shared/ports/queues.ts";
import { MemoryQueues } from "../../../support/memory-ports.ts";

const eventOf = (...ids: string[]): SQSEvent =>
  ({
    Records: ids.map((id, index) => ({
      messageId: id,
      receiptHandle: `receipt-${id}`,
      body: `body of ${id}`,
      attributes: { ApproximateReceiveCount: String(index + 1) },
    })),
  }) as unknown as SQSEvent;

const settle = async (
  event: SQSEvent,
  handle: (deliveries: readonly Delivery[]) => Promise<ReadonlyMap<string, Verdict>>,
) => {
  const queues = new MemoryQueues();
  const lines: Array<Record<string, unknown>> = [];
  const log = createJsonLog((line) => lines.push(JSON.parse(line)));
  const response = await handleBatch(event, { queues, log }, handle);
  return { failed: response.batchItemFailures.map((f) => f.itemIdentifier), hidden: queues.hidden, lines };
};

test("a record becomes a delivery, with the queue's own count", async () => {
  const seen: Delivery[] = [];
  await settle(eventOf("a", "b"), async (deliveries) => {
    seen.push(...deliveries);
    return new Map();
  });
  expect(seen).toEqual([
    { messageId: "a", receiptHandle: "receipt-a", body: "body of a", receiveCount: 1 },
    { messageId: "b", receiptHandle: "receipt-b", body: "body of b", receiveCount: 2 },
  ]);
});

test("what is done is acknowledged; what returns is hidden for its time and reported", async () => {
  const { failed, hidden } = await settle(
    eventOf("done", "later", "now", "fraction"),
    async () =>
      new Map<string, Verdict>([
        ["done", "done"],
        ["later", { returnAfterSeconds: 45 }],
        ["now", { returnAfterSeconds: 0 }],
        ["fraction", { returnAfterSeconds: 1.2 }],
      ]),
  );
  expect(failed).toEqual(["later", "now", "fraction"]);
  expect(hidden).toEqual([
    { receiptHandle: "receipt-later", seconds: 45 },
    { receiptHandle: "receipt-now", seconds: 0 },
    { receiptHandle: "receipt-fraction", seconds: 2 },
  ]);
});

test.each([
  [-5, 0],
  [1e9, 43_200],
])("a return after %d s is asked of SQS as %d s", async (returnAfterSeconds, seconds) => {
  const { hidden } = await settle(eventOf("a"), async () => new Map([["a", { returnAfterSeconds }]]));
  expect(hidden).toEqual([{ receiptHandle: "receipt-a", seconds }]);
});

test("one delivery that throws fails alone, is logged with its id, and comes back soon [bad-input 37]", async () => {
  const seen: string[] = [];
  const event = eventOf("a", "b", "c");
  const lines: Array<Record<string, unknown>> = [];
  const log = createJsonLog((line) => lines.push(JSON.parse(line)));
  const handle = oneByOne(async ({ messageId }) => {
    seen.push(messageId);
    if (messageId === "b") throw new RetryableError("Internal", "the store is away");
    return "done";
  }, log);
  const { failed, hidden } = await settle(event, handle);
  expect(seen).toEqual(["a", "b", "c"]);
  expect(failed).toEqual(["b"]);
  expect(hidden).toEqual([{ receiptHandle: "receipt-b", seconds: 2 }]);
  expect(lines).toMatchObject([
    { level: "error", messageId: "b", receiveCount: 2, error: "Internal", reason: "the store is away" },
  ]);
});

test("what fails backs off with each delivery, to a minute at most", async () => {
  const { hidden } = await settle(eventOf(..."abcdefgh"), async () => new Map());
  expect(hidden.map(({ seconds }) => seconds)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
});

describe("when the handler throws for the whole batch", () => {
  test("all records are reported, none is lost, and the function does not fail", async () => {
    const { failed, lines } = await settle(eventOf("a", "b"), async () => {
      throw new TypeError("a bug of ours");
    });
    expect(failed).toEqual(["a", "b"]);
    expect(lines).toMatchObject([{ level: "error", messages: 2, error: "TypeError" }]);
    expect(String(lines[0]?.["stack"])).toMatch(/a bug of ours/);
  });
});

test("a message that cannot be hidden is reported all the same", async () => {
  const lines: string[] = [];
  const response = await handleBatch(
    eventOf("a"),
    {
      queues: { hide: async () => Promise.reject(new RetryableError("Internal", "the queue is away")) },
      log: createJsonLog((line) => lines.push(line)),
    },
    async () => new Map([["a", { returnAfterSeconds: 45 }]]),
  );
  expect(response.batchItemFailures).toEqual([{ itemIdentifier: "a" }]);
  expect(lines.join()).toMatch(/could not be hidden/);
});
