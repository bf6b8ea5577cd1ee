import type { LogFields } from "../contracts/log-fields.ts";
import { RetryableError, TerminalError } from "../kernel/errors.ts";

const STACK_CHARACTERS_MAX = 2_000;

/**
 * An error as a log line shows it. Ours say enough by their message and the kind of their cause; of
 * what nobody foresaw the stack is needed, and the log is the only place that has it.
 */
export const errorFields = (error: unknown): LogFields => {
  if (error instanceof RetryableError || error instanceof TerminalError) {
    return {
      error: error.failureName,
      retryable: error instanceof RetryableError,
      reason: error.message,
      ...(error.cause instanceof Error ? { cause: `${error.cause.name}: ${error.cause.message}` } : {}),
    };
  }
  if (!(error instanceof Error)) return { error: typeof error };
  return { error: error.name, stack: (error.stack ?? error.message).slice(0, STACK_CHARACTERS_MAX) };
};
