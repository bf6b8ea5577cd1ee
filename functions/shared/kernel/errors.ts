import type { Failure, FailureName } from "../contracts/failure.ts";
import { LIMITS } from "../contracts/limits.ts";
import { previewOf } from "../contracts/value.ts";

/**
 * Two kinds of failure, named by what the caller should do. `failureName` is the stable,
 * PascalCase name that history, API and Retry policies see.
 */
abstract class NamedError extends Error {
  readonly failureName: FailureName;
  constructor(failureName: FailureName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failureName = failureName;
    this.name = failureName;
  }
}

/** It may work when tried again, no sooner than `retryAfterSeconds`. */
export class RetryableError extends NamedError {
  readonly retryAfterSeconds: number | undefined;
  constructor(
    failureName: FailureName,
    message: string,
    options?: ErrorOptions & { retryAfterSeconds?: number },
  ) {
    super(failureName, message, options);
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }
}

/** Trying again brings the same. */
export class TerminalError extends NamedError {}

/** The wire form. Errors that are not ours become `Internal`, without their text: it may hold anything. */
export const toFailure = (error: unknown): Failure => {
  if (error instanceof RetryableError || error instanceof TerminalError) {
    const retryAfterSeconds = error instanceof RetryableError ? error.retryAfterSeconds : undefined;
    return {
      name: error.failureName,
      message: previewOf(error.message, 1000),
      ...(retryAfterSeconds === undefined
        ? {}
        : { retryAfterSeconds: Math.min(retryAfterSeconds, LIMITS.delaySecondsMax) }),
    };
  }
  const kind = error instanceof Error ? error.name : typeof error;
  return { name: "Internal", message: `unexpected ${kind}; the function's log has the details` };
};
