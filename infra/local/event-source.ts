import type { SQSBatchResponse, SQSMessageAttributes, SQSRecord } from "aws-lambda";
import type { ChildFunction } from "./child-function.ts";
import type { Queue } from "./fauxqs-stores.ts";
import { FunctionError } from "./function-settings.ts";

export interface EventSourceOptions {
  readonly queue: Queue;
  readonly deadLetters: (arn: string) => Queue | undefined;
  readonly fn: Pick<ChildFunction, "invoke" | "settings">;
  /** SQS gives at most 10 at once. */
  readonly batchSize: number;
  /** Lambda's MaximumConcurrency: invocations that this source may have open. */
  readonly concurrencyMax: number;
  readonly log?: ((source: string, line: string) => void) | undefined;
}

/** SQS's longest poll. */
const WAIT_SECONDS = 20;
/** How long to wait when the queue itself fails: a full disk is not repaired in a millisecond. */
const PAUSE_MS = 1_000;

/**
 * An SQS event source mapping with ReportBatchItemFailures.
 *
 *   Q1. A message is deleted only after an invocation that was given it succeeded and did not name it.
 *   Q2. A failed invocation, or a response that cannot be understood, returns the whole batch:
 *       its messages come back when their visibility timeout has run out, as on AWS.
 *   Q3. Never more than `concurrencyMax` invocations at once; a message is not taken from the queue
 *       before one is free for it.
 *   Q4. A message that arrives while the source is idle is taken at once.
 */
export class EventSource {
  readonly #options: EventSourceOptions;
  readonly #running = new Set<Promise<void>>();
  #whenFree: (() => void) | undefined;
  #isStopped = false;
  #ended: Promise<void> = Promise.resolve();
  #resume: (() => void) | undefined;
  /** Requests that the mapping would have made of SQS: those that brought messages. */
  receives = 0;
  deletes = 0;

  constructor(options: EventSourceOptions) {
    this.#options = options;
  }

  start(): void {
    this.#ended = this.#poll();
  }

  /** Takes nothing more. Running invocations go on; `settled` tells when they have ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#options.queue.cancelWaiters();
    this.#whenFree?.();
    this.#resume?.();
    await this.#ended;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #poll(): Promise<void> {
    while (!this.#isStopped) {
      try {
        if (this.#running.size >= this.#options.concurrencyMax) await this.#free();
        else if (!this.#takeBatch()) await this.#options.queue.waitForMessages(WAIT_SECONDS);
      } catch (error) {
        this.#options.log?.(
          this.#options.fn.settings.name,
          `queue ${this.#options.queue.name}: ${String(error)}`,
        );
        await this.#pause();
      }
    }
  }

  #free(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenFree = resolve;
    });
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PAUSE_MS);
      this.#resume = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Says whether there was anything. */
  #takeBatch(): boolean {
    const { queue, batchSize, deadLetters } = this.#options;
    const received = queue.dequeue(batchSize, undefined, deadLetters);
    if (received.length === 0) return false;
    this.receives += 1;
    const records = received.map(({ ReceiptHandle }) => toRecord(queue, ReceiptHandle));
    const running = this.#deliver(records).finally(() => {
      this.#running.delete(running);
      this.#whenFree?.();
      this.#whenFree = undefined;
    });
    this.#running.add(running);
    return true;
  }

  async #deliver(records: readonly SQSRecord[]): Promise<void> {
    const { queue, fn, log } = this.#options;
    try {
      const failed = failuresOf(await fn.invoke(JSON.stringify({ Records: records })), records);
      if (failed.size < records.length) this.deletes += 1;
      for (const record of records) {
        if (!failed.has(record.messageId)) queue.deleteMessage(record.receiptHandle);
      }
    } catch (error) {
      const reason = error instanceof FunctionError ? `${error.errorType}: ${error.message}` : String(error);
      log?.(fn.settings.name, `invocation failed, ${records.length} message(s) will return: ${reason}`);
    }
  }
}

/** Lambda's reading of a batch response: what it does not understand fails the whole batch. */
const failuresOf = (response: Buffer, records: readonly SQSRecord[]): ReadonlySet<string> => {
  const parsed = JSON.parse(response.toString()) as Partial<SQSBatchResponse> | string | null;
  if (parsed === null || typeof parsed !== "object") return new Set();
  const given = new Set(records.map(({ messageId }) => messageId));
  const failed = new Set((parsed.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier));
  for (const messageId of failed) {
    if (!given.has(messageId)) throw new Error(`the response names a message that was not in the batch`);
  }
  return failed;
};

const toRecord = (queue: Queue, receiptHandle: string): SQSRecord => {
  const inflight = queue.inflightMessages.get(receiptHandle);
  if (inflight === undefined) throw new Error("a received message is not in flight");
  const { message } = inflight;
  return {
    messageId: message.messageId,
    receiptHandle,
    body: message.body,
    attributes: {
      ApproximateReceiveCount: String(message.approximateReceiveCount),
      SentTimestamp: String(message.sentTimestamp),
      SenderId: "000000000000",
      ApproximateFirstReceiveTimestamp: String(
        message.approximateFirstReceiveTimestamp ?? message.sentTimestamp,
      ),
      ...(message.messageGroupId === undefined ? {} : { MessageGroupId: message.messageGroupId }),
    },
    messageAttributes: toRecordAttributes(message.messageAttributes),
    md5OfBody: message.md5OfBody,
    eventSource: "aws:sqs",
    eventSourceARN: queue.arn,
    awsRegion: "us-east-1",
  };
};

const toRecordAttributes = (
  attributes: Readonly<Record<string, { DataType: string; StringValue?: string; BinaryValue?: string }>>,
): SQSMessageAttributes =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      {
        dataType: DataType,
        ...(StringValue === undefined ? {} : { stringValue: StringValue }),
        ...(BinaryValue === undefined ? {} : { binaryValue: BinaryValue }),
      },
    ]),
  );
