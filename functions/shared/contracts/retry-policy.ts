import { z } from "zod";
import { LIMITS } from "./limits.ts";

/** One entry of a Step Functions `Retry` field, with the field names in our case. */
export const Retrier = z.object({
  errorEquals: z.array(z.string().min(1)).min(1),
  intervalSeconds: z.number().positive().max(LIMITS.delaySecondsMax).default(1),
  backoffRate: z.number().min(1).max(10).default(2),
  maxDelaySeconds: z.int().positive().max(LIMITS.delaySecondsMax).default(60),
  /** Retries after the first attempt, as in Step Functions; 0 means never. */
  maxAttempts: z
    .int()
    .nonnegative()
    .max(LIMITS.attemptsMax)
    .default(LIMITS.attemptsDefault - 1),
  jitterStrategy: z.enum(["FULL", "NONE"]).default("FULL"),
});
export type Retrier = z.infer<typeof Retrier>;

/** The first matching retrier decides; a failure that none names is final. */
export const RetryPolicy = z.array(Retrier).max(10);
export type RetryPolicy = z.infer<typeof RetryPolicy>;

export const DEFAULT_RETRY_POLICY: RetryPolicy = RetryPolicy.parse([
  // BAD-INPUTS 49: a provider may say 429 for 20 minutes; the execution's deadline is the bound.
  { errorEquals: ["RateLimited"], intervalSeconds: 2, maxDelaySeconds: 300, maxAttempts: 20 },
  { errorEquals: ["ModelUnavailable"], intervalSeconds: 1, maxDelaySeconds: 60, maxAttempts: 5 },
  { errorEquals: ["ToolServerUnavailable"], intervalSeconds: 2, maxDelaySeconds: 60, maxAttempts: 5 },
  { errorEquals: ["Internal"], intervalSeconds: 1 },
]);
