import { APIConnectionError, APIError } from "@anthropic-ai/sdk/error";
import { LIMITS } from "../contracts/limits.ts";
import type { Usage } from "../contracts/usage.ts";
import { previewOf } from "../contracts/value.ts";
import { RetryableModelError, TerminalModelError } from "../kernel/model-call-error.ts";
import { StreamedFailure, UnreadableStream } from "./anthropic-message.ts";

/** What may be said of the call in an error. The secret is here only to be taken out of texts. */
export interface CallFacts {
  readonly secret: string;
  readonly used: Usage;
  readonly now: number;
}

/**
 * The one place that judges a failed call: may it pass later, or not. Neither the original error
 * nor its stack goes along: both can hold headers, and with them the key.
 */
export const toModelError = (error: unknown, facts: CallFacts): RetryableModelError | TerminalModelError => {
  if (error instanceof RetryableModelError || error instanceof TerminalModelError) return error;
  if (error instanceof StreamedFailure) return ofStreamedFailure(error, facts);
  if (error instanceof UnreadableStream) {
    return unavailable(`the provider's stream broke: ${error.message}`, facts);
  }
  if (error instanceof APIError && typeof error.status === "number")
    return ofStatus(error.status, error, facts);
  const code = systemCode(error);
  return error instanceof APIConnectionError
    ? unavailable(`the provider could not be reached${code}`, facts)
    : unavailable(`the provider's stream broke${code}`, facts);
};

const ofStatus = (
  status: number,
  error: APIError,
  facts: CallFacts,
): RetryableModelError | TerminalModelError => {
  const retryAfterSeconds = retryAfter(error.headers, facts.now);
  if (status === 429) {
    return new RetryableModelError("RateLimited", "the provider limits this key's rate (429)", facts.used, {
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    });
  }
  if (status === 401 || status === 403) return refusedKey(status, facts);
  if (status >= 500 || status === 408 || status === 409) {
    return new RetryableModelError("ModelUnavailable", `the provider answered ${status}`, facts.used, {
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    });
  }
  const said = error.apiMessage ?? "";
  if (status < 400) return rejected(`the provider answered ${status}; check the base URL`, "", facts);
  return rejected(`the provider refused the request (${status})`, said, facts);
};

/** Types as the API documents them; one that we do not know is treated as the provider's trouble. */
const ofStreamedFailure = (
  { type, message }: StreamedFailure,
  facts: CallFacts,
): RetryableModelError | TerminalModelError => {
  switch (type) {
    case "rate_limit_error":
      return new RetryableModelError("RateLimited", "the provider limits this key's rate", facts.used);
    case "authentication_error":
    case "permission_error":
      return refusedKey(401, facts);
    case "invalid_request_error":
    case "not_found_error":
    case "request_too_large":
    case "billing_error":
      return rejected("the provider refused the request in mid-stream", message, facts);
    default:
      return unavailable(`the provider failed in mid-stream (${cleanOf(type, facts.secret, 40)})`, facts);
  }
};

export const unavailable = (message: string, { used }: CallFacts): RetryableModelError =>
  new RetryableModelError("ModelUnavailable", message, used);

const refusedKey = (status: number, { used }: CallFacts): TerminalModelError =>
  new TerminalModelError(
    "ModelAuthentication",
    `the provider refused the key (${status}); check this agent's key or role, its provider, model and base URL`,
    used,
  );

export const rejected = (what: string, said: string, { secret, used }: CallFacts): TerminalModelError => {
  const detail = cleanOf(said, secret, 500);
  return new TerminalModelError("ModelRejected", detail === "" ? what : `${what}: ${detail}`, used);
};

/** A text of the provider, one line, without the key or anything that looks like one. */
const cleanOf = (text: string, secret: string, bytesMax: number): string => {
  const withoutKey = secret.length < 4 ? text : text.replaceAll(secret, "[key]");
  const clean = withoutKey
    .replaceAll(/\b(?:sk|key|tok)-[\w-]{8,}/gi, "[key]")
    .replaceAll(/\b(bearer|x-api-key:?)\s+\S+/gi, "$1 [key]")
    .replaceAll(/\s+/g, " ")
    .trim();
  return previewOf(clean, bytesMax);
};

/** Seconds from `retry-after-ms`, or from `retry-after` as seconds or as an HTTP date; at most 900. */
const retryAfter = (headers: Headers | undefined, now: number): number | undefined => {
  const ms = Number.parseFloat(headers?.get("retry-after-ms") ?? "");
  const value = headers?.get("retry-after") ?? "";
  const seconds = Number.isNaN(ms) ? secondsOf(value, now) : ms / 1000;
  if (!Number.isFinite(seconds)) return undefined;
  return Math.min(Math.max(Math.ceil(seconds), 0), LIMITS.delaySecondsMax);
};

const secondsOf = (value: string, now: number): number =>
  /^\s*[\d.]+\s*$/.test(value) ? Number.parseFloat(value) : (Date.parse(value) - now) / 1000;

/** ` (ECONNREFUSED)` when the system said so, looked for down the chain of causes. */
const systemCode = (error: unknown): string => {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    const { code } = at as { code?: unknown };
    if (typeof code === "string" && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) return ` (${code})`;
  }
  return "";
};
