import type { LogFields } from "../contracts/log-fields.ts";
import { RetryableError, TerminalError } from "./errors.ts";

const STACK_CHARACTERS_MAX = 2_000;
const PLACES_MAX = 5;

/**
 * An error as a log line shows it. Ours say enough by their message and the kind of their cause; of
 * what nobody foresaw the stack is needed, and the log is the only place that has it.
 */
export const errorFields = (error: unknown): LogFields => {
  if (isOurs(error)) return fieldsOfOurs(error);
  if (!(error instanceof Error)) return { error: typeof error };
  return { error: error.name, stack: (error.stack ?? error.message).slice(0, STACK_CHARACTERS_MAX) };
};

/**
 * The same where texts of callers and models and an agent's keys pass through: the message of what nobody
 * foresaw may quote any of them, so that only where it was thrown is told.
 */
export const discreetErrorFields = (error: unknown): LogFields => {
  if (isOurs(error)) return fieldsOfOurs(error);
  if (!(error instanceof Error)) return { error: typeof error };
  const places = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const at = places.slice(0, PLACES_MAX).map((line) => line.trim());
  return { error: error.name, at: at.join(" | ").slice(0, STACK_CHARACTERS_MAX) };
};

const isOurs = (error: unknown): error is RetryableError | TerminalError =>
  error instanceof RetryableError || error instanceof TerminalError;

const fieldsOfOurs = (error: RetryableError | TerminalError): LogFields => ({
  error: error.failureName,
  retryable: error instanceof RetryableError,
  reason: error.message,
  ...(error.cause instanceof Error ? { cause: `${error.cause.name}: ${error.cause.message}` } : {}),
});
