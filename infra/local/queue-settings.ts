import type { ProtocolTimes } from "../../functions/shared/contracts/protocol-times.ts";
import { agentQueueName } from "../../functions/shared/contracts/resources.ts";

export interface QueueSettings {
  readonly name: string;
  readonly visibilitySeconds: number;
  /** After so many receives a message moves to the queue's dead-letter queue. */
  readonly maxReceiveCount: number;
}

export const EVENTS_QUEUE = "events";

/** A look takes milliseconds; a coordinator that died in one is replaced by the sweeper's hint before that. */
const COORDINATOR_VISIBILITY_SECONDS = 10;

/**
 * A message that nobody keeps alive returns after a lease: on AWS that takes the function's timeout
 * and more, so that a live agent has time; here the heartbeat, a second apart, does the same.
 */
export const toQueueSettings = (
  agents: readonly { readonly name: string }[],
  times: ProtocolTimes,
): QueueSettings[] => [
  { name: EVENTS_QUEUE, visibilitySeconds: COORDINATOR_VISIBILITY_SECONDS, maxReceiveCount: 20 },
  ...agents.map(({ name }) => ({
    name: agentQueueName(name),
    visibilitySeconds: Math.ceil((times.leaseMs + times.stealMarginMs) / 1000),
    // A task that waits for budget returns its message once a second.
    maxReceiveCount: 1_000,
  })),
];
