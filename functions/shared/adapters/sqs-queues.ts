import { ChangeMessageVisibilityCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { AgentName } from "../contracts/ids.ts";
import type { Hint, Work } from "../contracts/messages.ts";
import { assert } from "../kernel/assert.ts";
import { TerminalError } from "../kernel/errors.ts";
import type { Queues } from "../ports/queues.ts";
import { awsRefusal, clientSettings, isNamed } from "./aws-client.ts";
import { assertDelay, assertVisibility, messageBody } from "./message-body.ts";

export interface QueueUrls {
  readonly events: string;
  /** By agent; only those that this function sends work to. */
  readonly agents: Readonly<Record<AgentName, string>>;
  /** The queue that feeds this function; absent where none does. */
  readonly own?: string;
}

/** Standard queues. A group is for fairness between tenants, never for order. */
export const createSqsQueues = (
  urls: QueueUrls,
  client: SQSClient = new SQSClient({
    ...clientSettings({ requestTimeoutMs: 10_000 }),
    // An emulator's queue URLs name hosts that do not resolve; the configured endpoint does.
    useQueueUrlAsEndpoint: false,
  }),
): Queues => {
  const send = async (
    url: string,
    message: Hint | Work,
    { delaySeconds = 0, group }: { readonly delaySeconds?: number; readonly group?: string },
  ): Promise<void> => {
    const body = messageBody(message);
    assertDelay(delaySeconds);
    await attempt("SendMessage", () =>
      client.send(
        new SendMessageCommand({
          QueueUrl: url,
          MessageBody: body,
          ...(delaySeconds === 0 ? {} : { DelaySeconds: delaySeconds }),
          ...(group === undefined ? {} : { MessageGroupId: group }),
        }),
      ),
    );
  };

  return {
    sendHint: async (hint, options = {}) => await send(urls.events, hint, options),

    sendWork: async (agent, work, options = {}) => {
      const url = Object.hasOwn(urls.agents, agent) ? urls.agents[agent] : undefined;
      if (url === undefined) {
        throw new TerminalError("AgentNotFound", `agent ${agent} has no queue; it is not deployed here`);
      }
      await send(url, work, options);
    },

    hide: async (receiptHandle, seconds) => {
      assert(urls.own !== undefined, "this function has no queue of its own");
      assertVisibility(seconds);
      await attempt("ChangeMessageVisibility", async () => {
        try {
          await client.send(
            new ChangeMessageVisibilityCommand({
              QueueUrl: urls.own,
              ReceiptHandle: receiptHandle,
              VisibilityTimeout: seconds,
            }),
          );
        } catch (error) {
          if (!isNamed(error, ...NO_LONGER_OURS)) throw error;
        }
      });
    },
  };
};

const NO_LONGER_OURS = ["MessageNotInflight", "ReceiptHandleIsInvalid"];

const attempt = async (operation: string, request: () => Promise<unknown>): Promise<void> => {
  try {
    await request();
  } catch (error) {
    throw awsRefusal(error, `SQS ${operation}`);
  }
};
