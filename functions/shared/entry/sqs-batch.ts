import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { LIMITS } from "../contracts/limits.ts";
import { errorFields } from "../kernel/error-fields.ts";
import type { Log } from "../ports/log.ts";
import type { Delivery, Queues, Verdict } from "../ports/queues.ts";

export type SqsHandler = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;

/** Says of each delivery what is to become of it, by message id; one that it leaves out has failed. */
export type HandleDeliveries = (deliveries: readonly Delivery[]) => Promise<ReadonlyMap<string, Verdict>>;

const FAILED_HIDDEN_SECONDS_MAX = 60;

/**
 * A batch of SQS records through a handler that knows no Lambda. Never rejects: what the handler did not
 * settle is reported as failed, so that SQS delivers it again, or in the end puts it on the dead-letter queue.
 */
export const handleBatch = async (
  event: SQSEvent,
  { queues, log }: { readonly queues: Pick<Queues, "hide">; readonly log: Log },
  handle: HandleDeliveries,
): Promise<SQSBatchResponse> => {
  const deliveries = toDeliveries(event);
  let verdicts: ReadonlyMap<string, Verdict> = new Map();
  try {
    verdicts = await handle(deliveries);
  } catch (error) {
    log.error("a batch of messages failed", { messages: deliveries.length, ...errorFields(error) });
  }
  const unsettled = deliveries.filter(({ messageId }) => verdicts.get(messageId) !== "done");
  await Promise.all(
    unsettled.map(async (delivery) => {
      try {
        await queues.hide(
          delivery.receiptHandle,
          secondsUntilReturn(delivery, verdicts.get(delivery.messageId)),
        );
      } catch (error) {
        // Then it comes back when the queue's own visibility timeout is over.
        log.warn("a message could not be hidden", { messageId: delivery.messageId, ...errorFields(error) });
      }
    }),
  );
  return { batchItemFailures: unsettled.map(({ messageId }) => ({ itemIdentifier: messageId })) };
};

/** Each delivery by itself; one that throws is left out, and harms no other. */
export const oneByOne =
  (handle: (delivery: Delivery) => Promise<Verdict>, log: Log): HandleDeliveries =>
  async (deliveries) => {
    const verdicts = new Map<string, Verdict>();
    for (const delivery of deliveries) {
      try {
        verdicts.set(delivery.messageId, await handle(delivery));
      } catch (error) {
        log.error("a message failed", {
          messageId: delivery.messageId,
          receiveCount: delivery.receiveCount,
          ...errorFields(error),
        });
      }
    }
    return verdicts;
  };

const toDeliveries = (event: SQSEvent): Delivery[] =>
  event.Records.map((record) => ({
    messageId: record.messageId,
    receiptHandle: record.receiptHandle,
    body: record.body,
    receiveCount: Number(record.attributes.ApproximateReceiveCount) || 1,
  }));

/** What failed backs off with each delivery; its queue's own timeout may be a quarter of an hour. */
const secondsUntilReturn = (delivery: Delivery, verdict: Verdict | undefined): number =>
  typeof verdict === "object"
    ? Math.min(LIMITS.hiddenSecondsMax, Math.max(0, Math.ceil(verdict.returnAfterSeconds)))
    : Math.min(FAILED_HIDDEN_SECONDS_MAX, 2 ** (delivery.receiveCount - 1));
