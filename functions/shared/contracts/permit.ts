import { z } from "zod";
import { Instant } from "./ids.ts";

/**
 * P4: one reservation per task, named `<epoch>.<call>`, so that a settle that was applied but
 * reported failed cannot count twice. Amounts are upper bounds and already part of `committed`.
 */
export const Reservation = z.object({
  id: z.string(),
  epoch: z.int(),
  /** By the clock of who asked for it. */
  at: Instant,
  tokens: z.int().nonnegative(),
  microUsd: z.int().nonnegative(),
});
export type Reservation = z.infer<typeof Reservation>;

/** The execution's budget and its stops. Maps are keyed by task number. */
export const Permit = z.object({
  tenant: z.string(),
  capTokens: z.int().positive(),
  capCalls: z.int().positive(),
  capMicroUsd: z.int().positive().nullable(),
  /** Settled usage plus all open reservations. */
  committedTokens: z.int().nonnegative(),
  committedCalls: z.int().nonnegative(),
  committedMicroUsd: z.int().nonnegative(),
  open: z.record(z.string(), Reservation),
  /** P5: the highest epoch that has reserved for a task. */
  epochs: z.record(z.string(), z.int()),
  /** P3: the whole execution was stopped. */
  stopped: z.object({ at: Instant, cause: z.string() }).optional(),
  /** P3: single branches were stopped. */
  stops: z.record(z.string(), z.object({ at: Instant, cause: z.string() })),
  expiresAt: z.int(),
});
export type Permit = z.infer<typeof Permit>;
