import { z } from "zod";

/**
 * Every interval of the protocol (docs/protocol.md), so that a host that restarts a child
 * in a fifth of a second need not wait as long as a Lambda fleet. All in milliseconds unless
 * the name says otherwise.
 */
export const ProtocolTimes = z.object({
  /** P7: how long a claim holds without a heartbeat. */
  leaseMs: z.int().positive(),
  beatMs: z.int().positive(),
  /** P7: a lease is stolen only this long after it ran out: twice the assumed clock skew. */
  stealMarginMs: z.int().nonnegative(),
  /** P10: first re-send of an unclaimed task's message; doubles up to `resendMsMax`. */
  resendMs: z.int().positive(),
  resendMsMax: z.int().positive(),
  /** P9: younger outbox entries belong to the handler that committed them. */
  outboxAgeMs: z.int().positive(),
  /** P11: the next look while the outbox is not empty. */
  outboxCheckMs: z.int().positive(),
  sweepMs: z.int().positive(),
  /** How long a task waits when only open reservations stand in its way. */
  budgetWaitSeconds: z.int().positive(),
  /** The shortest interval at which a long poll reads the table: each look costs money or CPU. */
  pollMs: z.int().positive(),
});
export type ProtocolTimes = z.infer<typeof ProtocolTimes>;

export const AWS_TIMES: ProtocolTimes = {
  leaseMs: 60_000,
  beatMs: 20_000,
  stealMarginMs: 10_000,
  resendMs: 90_000,
  resendMsMax: 900_000,
  outboxAgeMs: 45_000,
  outboxCheckMs: 60_000,
  sweepMs: 60_000,
  budgetWaitSeconds: 15,
  pollMs: 100,
};

/** One machine, one clock: the skew margin covers a paused process, not two clocks. */
export const LOCAL_TIMES: ProtocolTimes = {
  leaseMs: 4_000,
  beatMs: 1_000,
  stealMarginMs: 500,
  resendMs: 2_000,
  resendMsMax: 30_000,
  outboxAgeMs: 2_000,
  outboxCheckMs: 3_000,
  sweepMs: 1_000,
  budgetWaitSeconds: 1,
  pollMs: 4,
};
