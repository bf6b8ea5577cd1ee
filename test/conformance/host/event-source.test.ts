import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SQSEvent } from "aws-lambda";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { ChildFunction } from "../../../infra/local/child-function.ts";
import { deadLetterQueueName, type Emulators, startEmulators } from "../../../infra/local/emulators.ts";
import { EventSource } from "../../../infra/local/event-source.ts";
import type { Queue } from "../../../infra/local/fauxqs-stores.ts";
import { createFixture, type Fixture } from "./fixture-functions.ts";

let fixture: Fixture;
let emulators: Emulators;
const sources: EventSource[] = [];

const QUEUES = ["plain", "twice", "lost"];
const settings = QUEUES.map((name) => ({ name, visibilitySeconds: 1, maxReceiveCount: 3 }));

beforeAll(async () => {
  fixture = await createFixture();
  emulators = await startEmulators({ queues: settings, bucket: "blobs" });
});
afterEach(async () => {
  await Promise.all(sources.splice(0).map((source) => source.stop()));
  for (const name of QUEUES) {
    emulators.queue(name).purge();
    emulators.queue(deadLetterQueueName(name)).purge();
  }
});
afterAll(async () => {
  await fixture.stop();
  await emulators.stop();
});

const connect = (
  fn: Pick<ChildFunction, "invoke" | "settings">,
  options: { batchSize?: number; concurrencyMax?: number; queue?: Queue } = {},
): EventSource => {
  const source = new EventSource({
    queue: emulators.queue("plain"),
    deadLetters: emulators.queueByArn,
    fn,
    batchSize: 1,
    concurrencyMax: 2,
    log: (name, line) => fixture.logged.push(`${name}: ${line}`),
    ...options,
  });
  sources.push(source);
  source.start();
  return source;
};

/** As a function sends it: over HTTP. */
const send = async (at: Emulators, queue: string, body: string, as = "coordinator"): Promise<string> => {
  const response = await fetch(at.url, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": "AmazonSQS.SendMessage",
      authorization: `AWS4-HMAC-SHA256 Credential=${as}/20300101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify({ QueueUrl: at.queueUrl(queue), MessageBody: body }),
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { MessageId: string }).MessageId;
};

const counts = (queue: Queue): { ready: number; inflight: number } => {
  queue.processTimers();
  const { ready, inflight } = queue.inspectMessages();
  return { ready: ready.length, inflight: inflight.length };
};
const EMPTY = { ready: 0, inflight: 0 };

/** A function in this process: for what only the mapping does. */
const recorder = (answer: (event: SQSEvent) => unknown | Promise<unknown> = () => null) => {
  const events: SQSEvent[] = [];
  const fn: Pick<ChildFunction, "invoke" | "settings"> = {
    settings: { name: "recorder" } as ChildFunction["settings"],
    invoke: async (text) => {
      const event = JSON.parse(text) as SQSEvent;
      events.push(event);
      return Buffer.from(JSON.stringify((await answer(event)) ?? null));
    },
  };
  return { fn, events };
};

test("a message becomes the record that Lambda would give, and is deleted on success", async () => {
  const { fn, events } = recorder();
  connect(fn);
  const messageId = await send(emulators, "plain", "hello ö");
  await vi.waitFor(() => expect(events).toHaveLength(1));
  expect(events[0]?.Records).toEqual([
    {
      messageId,
      receiptHandle: expect.any(String),
      body: "hello ö",
      attributes: {
        ApproximateReceiveCount: "1",
        SentTimestamp: expect.stringMatching(/^\d{13}$/),
        SenderId: "000000000000",
        ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
      },
      messageAttributes: {},
      md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/),
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:plain",
      awsRegion: "us-east-1",
    },
  ]);
  await vi.waitFor(() => expect(counts(emulators.queue("plain"))).toEqual(EMPTY));
});

test("Q4: an idle source takes a message within milliseconds", async () => {
  const { fn, events } = recorder();
  connect(fn);
  await vi.waitFor(() => expect(emulators.queue("plain").pollWaiters).toHaveLength(1));
  const sentAt = performance.now();
  await send(emulators, "plain", "now");
  await vi.waitFor(() => expect(events).toHaveLength(1), { interval: 1 });
  expect(performance.now() - sentAt).toBeLessThan(500);
});

test("Q1: only the messages that a batch response names come back", async () => {
  const { fn, events } = recorder((event) => ({
    batchItemFailures: event.Records.filter(
      ({ body, attributes }) => body === "bad" && attributes.ApproximateReceiveCount === "1",
    ).map(({ messageId }) => ({ itemIdentifier: messageId })),
  }));
  for (const body of ["good", "bad", "fine"]) await send(emulators, "plain", body);
  connect(fn, { batchSize: 10 });
  await vi.waitFor(() => expect(events).toHaveLength(2), 5_000);
  expect(events.map(({ Records }) => Records.map(({ body }) => body))).toEqual([
    ["good", "bad", "fine"],
    ["bad"],
  ]);
  expect(events[1]?.Records[0]?.attributes.ApproximateReceiveCount).toBe("2");
  await vi.waitFor(() => expect(counts(emulators.queue("plain"))).toEqual(EMPTY));
});

test.each([
  ["names a message that was not given", { batchItemFailures: [{ itemIdentifier: "nobody" }] }],
  ["has entries without an identifier", { batchItemFailures: [{}] }],
  ["is no list", { batchItemFailures: 7 }],
])("Q2: a response that %s returns the whole batch", async (_, response) => {
  const { fn, events } = recorder(() => response);
  await send(emulators, "plain", "one");
  await send(emulators, "plain", "two");
  connect(fn, { batchSize: 10, concurrencyMax: 1 });
  await vi.waitFor(() => expect(events).toHaveLength(1));
  expect(counts(emulators.queue("plain"))).toEqual({ ready: 0, inflight: 2 });
});

test("Q2: a crash returns the message after its visibility timeout, and after three receives it is a dead letter [bad-input 37]", async () => {
  const fn = fixture.define(`export const handler = async () => process.exit(1);`, { name: "crasher" });
  await send(emulators, "plain", "poison");
  connect(fn);
  const deadLetters = emulators.queue(deadLetterQueueName("plain"));
  await vi.waitFor(() => expect(counts(deadLetters).ready).toBe(1), 10_000);
  expect(fn.invocations).toBe(3);
  expect(deadLetters.messages[0]?.body).toBe("poison");
  expect(counts(emulators.queue("plain"))).toEqual(EMPTY);
}, 15_000);

test("a message whose child was killed is delivered to another child", async () => {
  const seen = join(fixture.folder, "seen");
  const fn = fixture.define(
    `import { appendFileSync } from "node:fs";
    export const handler = async ({ Records: [record] }) => {
      appendFileSync(${JSON.stringify(seen)}, record.attributes.ApproximateReceiveCount + " " + process.pid + "\\n");
      if (record.attributes.ApproximateReceiveCount === "1") await new Promise(() => setInterval(() => {}, 1000));
    };`,
  );
  await send(emulators, "plain", "work");
  connect(fn);
  await vi.waitFor(() => expect(fn.environments[0]?.running).toBe(1), 5_000);
  await vi.waitFor(() => readFileSync(seen));
  fn.environments.find(({ running }) => running === 1)?.kill();
  await vi.waitFor(() => expect(counts(emulators.queue("plain"))).toEqual(EMPTY), 8_000);
  const [first, second] = readFileSync(seen, "utf8").trim().split("\n");
  expect(first?.split(" ")[0]).toBe("1");
  expect(second?.split(" ")[0]).toBe("2");
  expect(first?.split(" ")[1]).not.toBe(second?.split(" ")[1]);
});

test("Q3: a source with every invocation in use leaves further messages in the queue", async () => {
  const open: (() => void)[] = [];
  const { fn, events } = recorder(() => new Promise<void>((resolve) => open.push(resolve)));
  connect(fn, { concurrencyMax: 2 });
  for (const body of ["a", "b", "c"]) await send(emulators, "plain", body);
  await vi.waitFor(() => expect(events).toHaveLength(2));
  expect(counts(emulators.queue("plain"))).toEqual({ ready: 1, inflight: 2 });
  open[0]?.();
  await vi.waitFor(() => expect(events).toHaveLength(3));
  for (const end of open) end();
});

test("a stopped source takes nothing more", async () => {
  const { fn, events } = recorder();
  const source = connect(fn);
  await source.stop();
  await send(emulators, "plain", "later");
  expect(events).toEqual([]);
  expect(counts(emulators.queue("plain"))).toEqual({ ready: 1, inflight: 0 });
});

test("asked to, the queues deliver every message twice and lose what was not sent by the sweeper", async () => {
  const faulty = await startEmulators({
    queues: settings,
    bucket: "blobs",
    faults: { duplicateMessages: true, dropMessagesTo: ["lost"] },
  });
  try {
    const id = await send(faulty, "twice", "x");
    expect(faulty.queue("twice").messages.map(({ messageId }) => messageId)).toEqual([id, id]);
    await send(faulty, "lost", "hint");
    expect(faulty.queue("lost").messages).toHaveLength(0);
    await send(faulty, "lost", "hint", "sweeper");
    expect(faulty.queue("lost").messages).toHaveLength(2);
  } finally {
    await faulty.stop();
  }
});

test("requests are counted by operation", async () => {
  const before = emulators.requests.get("SQS SendMessage") ?? 0;
  await send(emulators, "plain", "counted");
  expect(emulators.requests.get("SQS SendMessage")).toBe(before + 1);
});

test("messages survive a restart on the folder: ready, made visible again, and those in flight; deleted ones stay deleted", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-test-"));
  const first = await startEmulators({ folder, queues: settings, bucket: "blobs" });
  for (const body of ["flying", "back", "ready", "gone"]) await send(first, "plain", body);
  const queue = first.queue("plain");
  const [flying, back] = queue.dequeue(2, 600);
  queue.changeVisibility(back?.ReceiptHandle ?? "", 0);
  await fetch(`${first.url}/blobs/x`, { method: "PUT", body: "blob" });
  const gone = queue.dequeue(2, 600).find(({ Body }) => Body === "gone");
  queue.deleteMessage(gone?.ReceiptHandle ?? "");
  expect(flying?.Body).toBe("flying");
  await first.stop();

  const second = await startEmulators({ folder, queues: settings, bucket: "blobs" });
  try {
    const bodies = second
      .queue("plain")
      .dequeue(10)
      .map(({ Body }) => Body);
    expect(bodies.sort()).toEqual(["back", "flying", "ready"]);
    expect(await (await fetch(`${second.url}/blobs/x`)).text()).toBe("blob");
  } finally {
    await second.stop();
    rmSync(folder, { recursive: true });
  }
});
