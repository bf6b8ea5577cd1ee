import { z } from "zod";
import type { ProviderName } from "./agent-manifest.ts";
import type { Instant } from "./ids.ts";

/** Words of a partition key. */
export const AccountName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.:_-]{0,99}$/, "expected lower-case letters, digits and . : _ -");
export type AccountName = z.infer<typeof AccountName>;

/** What a provider lets one account have; absent: only its own answers say. */
export const AccountLimits = z.strictObject({
  requestsPerMinute: z.int().min(1).max(1_000_000).optional(),
  tokensPerMinute: z.int().min(1).max(1_000_000_000).optional(),
});
export type AccountLimits = z.infer<typeof AccountLimits>;

/** By account name, as a host or a stack is told them. */
export const ProviderLimits = z.record(AccountName, AccountLimits);
export type ProviderLimits = z.infer<typeof ProviderLimits>;

/** Whom an agent's calls are counted for: agents with the same account share its limits, and its holds. */
export interface ProviderAccount {
  readonly name: AccountName;
  readonly limits: AccountLimits;
}

/** As `agent.ts` declares it; otherwise all agents of a provider share one, and of a server of your own its host. */
export const accountNameOf = (
  declared: AccountName | undefined,
  provider: ProviderName,
  baseUrl: string | undefined,
): AccountName => {
  if (declared !== undefined) return declared;
  return provider === "compatible" && baseUrl !== undefined ? new URL(baseUrl).host : provider;
};

/** One account's state in the table (agent/provider-limiter.ts). */
export interface AccountRecord {
  /** No call before this instant: the provider has said so. */
  readonly heldUntil?: Instant;
  /** Minutes since the epoch; what was asked for in it. */
  readonly window?: number;
  readonly requests?: number;
  readonly tokens?: number;
}
