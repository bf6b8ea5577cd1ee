import { z } from "zod";
import { AgentName, Instant } from "./ids.ts";
import type { ExecutionLimits } from "./limits.ts";

/**
 * P4: one reservation per task, named `<epoch>.<call>`, so that a settle that was applied but
 * reported failed cannot count twice. Amounts are upper bounds and already part of `committed`.
 */
export const Reservation = z.object({
  id: z.string(),
  /** Whose own sums it is part of too. */
  agent: AgentName,
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
  /** The same sums by agent; an agent that has reserved nothing yet is absent. */
  agentTokens: z.record(AgentName, z.int()),
  agentCalls: z.record(AgentName, z.int()),
  agentMicroUsd: z.record(AgentName, z.int()),
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

/** As an execution begins: nothing spent, nobody stopped. `expiresAt` in seconds, as the table wants it. */
export const newPermit = (
  tenant: string,
  limits: Pick<ExecutionLimits, "tokens" | "calls" | "microUsd">,
  expiresAt: number,
): Permit => ({
  tenant,
  capTokens: limits.tokens,
  capCalls: limits.calls,
  capMicroUsd: limits.microUsd,
  committedTokens: 0,
  committedCalls: 0,
  committedMicroUsd: 0,
  agentTokens: {},
  agentCalls: {},
  agentMicroUsd: {},
  open: {},
  epochs: {},
  stops: {},
  expiresAt,
});
