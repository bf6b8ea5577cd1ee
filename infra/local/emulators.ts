import type { IncomingHttpHeaders } from "node:http";
import { ensureQueue, type OpenStores, openStores, type Queue, queueArn } from "./fauxqs-stores.ts";
import { LOOPBACK } from "./http-server.ts";
import type { QueueSettings } from "./queue-settings.ts";

/** Failures that tests ask for. They are the queue's, so that no function knows of them. */
export interface Faults {
  /** Every message is delivered twice, at the same time and under the same message id. */
  readonly duplicateMessages?: boolean;
  /** Messages to these queues are accepted and never delivered, unless the sweeper sent them. */
  readonly dropMessagesTo?: readonly string[];
}

export interface EmulatorOptions {
  /** Kept here over restarts; in memory when absent. */
  readonly folder?: string | undefined;
  readonly queues: readonly QueueSettings[];
  readonly bucket: string;
  readonly faults?: Faults | undefined;
}

export interface Emulators {
  /** Where both SQS and S3 answer. */
  readonly url: string;
  /** For polling in this process, which costs a quarter of what a request costs. */
  queue(name: string): Queue;
  queueByArn(arn: string): Queue | undefined;
  queueUrl(name: string): string;
  /** Answered so far, by operation, as `SQS SendMessage` or `S3 PUT`. */
  readonly requests: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** A function's requests are told apart by the access key that the host gave it: its name. */
const SWEEPER = "Credential=sweeper/";
const BLACK_HOLE = "accepted-and-lost";

/** SQS and S3 on the loopback address. Rejects with the file system's or SQLite's own error. */
export const startEmulators = async (options: EmulatorOptions): Promise<Emulators> => {
  const [{ buildApp }, opened] = await Promise.all([import("fauxqs"), openStores(options.folder)]);
  const { stores } = opened;
  const requests = new Map<string, number>();
  const app = buildApp({ logger: false, stores });
  app.server.keepAliveTimeout = 0; // a client that reuses a connection never meets its end
  app.addHook("onRequest", (request, _reply, done) => {
    const operation = operationOf(request.method, request.headers);
    requests.set(operation, (requests.get(operation) ?? 0) + 1);
    done();
  });
  if (options.faults?.dropMessagesTo?.length) {
    const lost = new Set(options.faults.dropMessagesTo);
    app.addHook("preHandler", (request, _reply, done) => {
      const body = request.body as { QueueUrl?: string } | undefined;
      const isSend = /\.SendMessage(Batch)?$/.test(String(request.headers["x-amz-target"]));
      const isSweepers = request.headers.authorization?.includes(SWEEPER) === true;
      if (isSend && !isSweepers && body?.QueueUrl && lost.has(nameOf(body.QueueUrl))) {
        body.QueueUrl = body.QueueUrl.replace(/[^/]+$/, BLACK_HOLE);
      }
      done();
    });
  }
  const url = await app.listen({ host: LOOPBACK, port: 0 });
  const queueUrl = (name: string): string => `${url}/000000000000/${name}`;

  const queues = new Map<string, Queue>();
  for (const settings of [
    { name: BLACK_HOLE, visibilitySeconds: 30, maxReceiveCount: 5 },
    ...options.queues,
  ]) {
    queues.set(settings.name, withDeadLetters(opened, settings, queueUrl));
  }
  if (options.faults?.duplicateMessages === true) for (const queue of queues.values()) duplicate(queue);
  if (!stores.s3Store.listBuckets().some(({ name }) => name === options.bucket)) {
    stores.s3Store.createBucket(options.bucket);
  }

  return {
    url,
    queueUrl,
    requests,
    queueByArn: (arn) => stores.sqsStore.getQueueByArn(arn),
    queue: (name) => {
      const queue = queues.get(name) ?? stores.sqsStore.getQueueByName(name);
      if (queue === undefined) throw new Error(`no queue ${name}`);
      return queue;
    },
    stop: async () => {
      await app.close();
      opened.close();
    },
  };
};

export const deadLetterQueueName = (queue: string): string => `${queue}-dlq`;

const withDeadLetters = (
  { stores }: OpenStores,
  { name, visibilitySeconds, maxReceiveCount }: QueueSettings,
  queueUrl: (name: string) => string,
): Queue => {
  const deadLetters = deadLetterQueueName(name);
  ensureQueue(stores, deadLetters, queueUrl(deadLetters), { MessageRetentionPeriod: "1209600" });
  return ensureQueue(stores, name, queueUrl(name), {
    VisibilityTimeout: String(visibilitySeconds),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn(deadLetters), maxReceiveCount }),
  });
};

const duplicate = (queue: Queue): void => {
  const enqueue = queue.enqueue.bind(queue);
  queue.enqueue = (message) => {
    enqueue({ ...message });
    enqueue(message);
  };
};

const nameOf = (queueUrl: string): string => queueUrl.slice(queueUrl.lastIndexOf("/") + 1);

const operationOf = (method: string, headers: IncomingHttpHeaders): string => {
  const target = headers["x-amz-target"];
  return typeof target === "string" ? `SQS ${target.split(".")[1]}` : `S3 ${method}`;
};
