import type { FailureName } from "../contracts/failure.ts";
import type { Usage } from "../contracts/usage.ts";
import { RetryableError, TerminalError } from "./errors.ts";

/** A model call that may pass later: 429, 5xx, a broken or silent stream. `used` is what it cost nevertheless. */
export class RetryableModelError extends RetryableError {
  readonly used: Usage;
  constructor(
    failureName: Extract<FailureName, "RateLimited" | "ModelUnavailable">,
    message: string,
    used: Usage,
    options?: ErrorOptions & { retryAfterSeconds?: number },
  ) {
    super(failureName, message, options);
    this.used = used;
  }
}

/** A model call that will fail again: refused request, refused key. */
export class TerminalModelError extends TerminalError {
  readonly used: Usage;
  constructor(
    failureName: Extract<FailureName, "ModelRejected" | "ModelAuthentication" | "SecretUnavailable">,
    message: string,
    used: Usage,
    options?: ErrorOptions,
  ) {
    super(failureName, message, options);
    this.used = used;
  }
}
