import type { AgentName } from "../contracts/ids.ts";
import type { Hint, Work } from "../contracts/messages.ts";

/** What a handler was given: one message, once delivered. */
export interface Delivery {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** How often the queue has delivered this message, from 1; the queue's count, not our attempts. */
  readonly receiveCount: number;
}

/** Rejects with RetryableError when the queue cannot be reached. A send that rejected may have succeeded. */
export interface Queues {
  sendHint(hint: Hint, options?: { readonly group?: string; readonly delaySeconds?: number }): Promise<void>;
  sendWork(agent: AgentName, work: Work, options?: { readonly delaySeconds?: number }): Promise<void>;
  /**
   * Hides a message of the caller's own queue for so many more whole seconds, `hiddenSecondsMax` at most; 0 returns
   * it at once. Does nothing when the message is no longer the caller's.
   */
  hide(receiptHandle: string, seconds: number): Promise<void>;
}

/** What the handler says of one delivery: delete it, or deliver it again after so many seconds. */
export type Verdict = "done" | { readonly returnAfterSeconds: number };
