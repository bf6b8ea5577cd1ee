import { z } from "zod";
import { LIMITS } from "./limits.ts";

/**
 * Why a task attempt or an execution did not succeed. `name` is stable and PascalCase, as in
 * Step Functions; a Retry policy matches on it. `message` is for people: one sentence that
 * says what to do next, without secrets, stacks or ARNs.
 */
export const Failure = z.object({
  name: z.string().regex(/^[A-Z][A-Za-z0-9]{1,63}$/),
  message: z.string().max(1024),
  /** The provider's own word on when to come back (`retry-after`); a floor under the back-off. */
  retryAfterSeconds: z.number().nonnegative().max(LIMITS.delaySecondsMax).optional(),
});
export type Failure = z.infer<typeof Failure>;

/** Every failure name that this project itself gives. */
export const FAILURE_NAMES = [
  "Aborted",
  "AgentNotFound",
  "BudgetExceeded",
  "CheckpointLost",
  "CrashLoop",
  "DepthExceeded",
  "EmptyAnswer",
  "Internal",
  "ModelAuthentication",
  "ModelProtocol",
  "ModelRejected",
  "ModelUnavailable",
  "NoProgress",
  "OutputSchema",
  "RateLimited",
  "Refused",
  "SecretUnavailable",
  "StateTooLarge",
  "StateUnreadable",
  "TimedOut",
  "ToolServerRefused",
  "ToolServerUnavailable",
  "TooManyEvents",
  "TooManyHandoffs",
  "TooManyTasks",
  "TooManyTurns",
  "Truncated",
] as const;
export type FailureName = (typeof FAILURE_NAMES)[number];
