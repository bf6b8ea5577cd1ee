import {
  DeleteMessageCommand,
  type Message,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSqsQueues } from "../../functions/shared/adapters/sqs-queues.ts";
import { RetryableError, TerminalError } from "../../functions/shared/kernel/errors.ts";
import type { Queues } from "../../functions/shared/ports/queues.ts";
import { type Emulator, emulated, makeQueue, startFauxqs } from "../support/emulators.ts";
import { MemoryQueues } from "../support/memory-ports.ts";
import { queuesSuite } from "./queues.suite.ts";

queuesSuite("memory", async () => {
  const queues = new MemoryQueues();
  return {
    queues,
    take: async (queue) => {
      const here = queues.sent.filter((sent) => sent.queue === queue);
      for (const sent of here) queues.sent.splice(queues.sent.indexOf(sent), 1);
      return here.map((sent) => JSON.stringify(sent.message));
    },
    close: async () => {},
  };
});

const openSqs = async (fauxqs: Emulator) => {
  // As the default is: the URLs that fauxqs gives name a host that does not resolve.
  const client = new SQSClient({ ...emulated(fauxqs.endpoint), useQueueUrlAsEndpoint: false });
  const url = async (name: string): Promise<string> => {
    const made = await makeQueue(fauxqs.endpoint, name, { VisibilityTimeout: "30" });
    return made.replace("127.0.0.1", "sqs.us-east-1.unresolvable.invalid");
  };
  const urls = {
    events: await url("events"),
    coder: await url("agent-coder"),
    critic: await url("agent-critic"),
  };
  const receive = async (queue: keyof typeof urls): Promise<Message[]> => {
    const answer = await client.send(
      new ReceiveMessageCommand({ QueueUrl: urls[queue], MaxNumberOfMessages: 10 }),
    );
    return answer.Messages ?? [];
  };
  const queues = createSqsQueues(
    { events: urls.events, agents: { coder: urls.coder, critic: urls.critic }, own: urls.coder },
    client,
  );
  return { client, urls, receive, queues };
};

queuesSuite("SQS, as fauxqs has it", async () => {
  const fauxqs = await startFauxqs();
  const { client, urls, receive, queues } = await openSqs(fauxqs);
  return {
    queues,
    take: async (queue) => {
      const messages = await receive(queue);
      for (const { ReceiptHandle } of messages) {
        await client.send(new DeleteMessageCommand({ QueueUrl: urls[queue], ReceiptHandle }));
      }
      return messages.map((message) => message.Body ?? "");
    },
    close: async () => {
      client.destroy();
      await fauxqs.close();
    },
  };
});

describe("SQS, beyond what every Queues promises", () => {
  const taskId = "01JD0000000000000000000000.1";
  let fauxqs: Emulator;
  let sqs: Awaited<ReturnType<typeof openSqs>>;
  let queues: Queues;

  beforeAll(async () => {
    fauxqs = await startFauxqs();
    sqs = await openSqs(fauxqs);
    queues = sqs.queues;
  });
  afterAll(async () => {
    sqs.client.destroy();
    await fauxqs.close();
  });
  beforeEach(async () => {
    await sqs.client.send(new PurgeQueueCommand({ QueueUrl: sqs.urls.coder }));
  });

  test("hiding for 0 s returns a message at once; hiding it longer keeps it away", async () => {
    await queues.sendWork("coder", { v: 1, kind: "work", taskId });
    const [first] = await sqs.receive("coder");
    expect(await sqs.receive("coder")).toEqual([]);
    await queues.hide(first?.ReceiptHandle ?? "", 0);
    const [again] = await sqs.receive("coder");
    expect(again?.MessageId).toBe(first?.MessageId);
    await queues.hide(again?.ReceiptHandle ?? "", 43_200);
    expect(await sqs.receive("coder")).toEqual([]);
  });

  test("hiding a message that is gone, or was never there, does nothing", async () => {
    await queues.sendWork("coder", { v: 1, kind: "work", taskId });
    const [message] = await sqs.receive("coder");
    const ReceiptHandle = message?.ReceiptHandle ?? "";
    await sqs.client.send(new DeleteMessageCommand({ QueueUrl: sqs.urls.coder, ReceiptHandle }));
    await queues.hide(ReceiptHandle, 10);
    await queues.hide("never-there", 10);
    expect(await sqs.receive("coder")).toEqual([]);
  });

  test("a delayed message comes when its time has come", async () => {
    await queues.sendWork("coder", { v: 1, kind: "work", taskId }, { delaySeconds: 1 });
    expect(await sqs.receive("coder")).toEqual([]);
    await expect.poll(async () => (await sqs.receive("coder")).length, { timeout: 5_000 }).toBe(1);
  });

  test("an agent without a queue is a TerminalError AgentNotFound, one called `constructor` too", async () => {
    for (const agent of ["planner", "constructor"]) {
      const refused = queues.sendWork(agent, { v: 1, kind: "work", taskId });
      await expect(refused).rejects.toBeInstanceOf(TerminalError);
      await expect(refused).rejects.toMatchObject({ failureName: "AgentNotFound" });
    }
  });

  test("a queue that does not exist is a TerminalError, whose text names no address", async () => {
    const gone = createSqsQueues({ events: `${fauxqs.endpoint}/000000000000/gone`, agents: {} }, sqs.client);
    const refused = gone.sendHint({ v: 1, kind: "look", executionId: "01JD0000000000000000000000" });
    await expect(refused).rejects.toBeInstanceOf(TerminalError);
    await expect(refused).rejects.toThrow(/^SQS SendMessage was refused \(\w+\); check that/);
  });

  test("a queue that cannot be reached is a RetryableError", async () => {
    const client = new SQSClient({ ...emulated("http://127.0.0.1:1"), maxAttempts: 1 });
    const away = createSqsQueues({ events: "http://127.0.0.1:1/0/events", agents: {} }, client);
    await expect(
      away.sendHint({ v: 1, kind: "look", executionId: "01JD0000000000000000000000" }),
    ).rejects.toBeInstanceOf(RetryableError);
    client.destroy();
  });
});
