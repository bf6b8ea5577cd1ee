import { TerminalError } from "../kernel/errors.ts";
import type { Clock } from "../ports/clock.ts";
import { awsRefusal } from "./aws-client.ts";

/** Reads one secret's current text; rejects with the SDK's error. */
export type FetchSecret = (secretId: string) => Promise<string | undefined>;

const KEPT_MS = 5 * 60_000;

/**
 * One secret, read when first asked for and again after five minutes, so that a rotated key arrives
 * by itself. Rejects with TerminalError `SecretUnavailable` when it is missing, empty, disabled or
 * not ours to read, and with RetryableError when Secrets Manager cannot be reached. A failure is not kept.
 */
export const createSecretReader = ({
  secretId,
  clock,
  fetchSecret = fetchWhenNeeded,
}: {
  readonly secretId: string;
  readonly clock: Clock;
  readonly fetchSecret?: FetchSecret;
}): (() => Promise<string>) => {
  let kept: { readonly until: number; readonly text: Promise<string> } | undefined;
  return async () => {
    if (kept === undefined || kept.until <= clock.now()) {
      // The promise is kept, not the text: those who ask at the same time share one request.
      const text = readSecret(secretId, fetchSecret);
      kept = { until: clock.now() + KEPT_MS, text };
      text.catch(() => {
        if (kept?.text === text) kept = undefined;
      });
    }
    return await kept.text;
  };
};

/** A key that the environment itself holds; only the embedded host does that. `variable` is named when it is empty. */
export const fixedSecret = (text: string, variable: string): (() => Promise<string>) => {
  const trimmed = text.trim();
  return async () => {
    if (trimmed === "") throw unavailable(variable, "is empty");
    return trimmed;
  };
};

const readSecret = async (secretId: string, fetchSecret: FetchSecret): Promise<string> => {
  const name = nameOf(secretId);
  let text: string | undefined;
  try {
    text = await fetchSecret(secretId);
  } catch (error) {
    const refusal = awsRefusal(error, `secret ${name}`);
    throw refusal instanceof TerminalError ? unavailable(name, reasonOf(error), error) : refusal;
  }
  const trimmed = text?.trim() ?? "";
  if (trimmed === "") throw unavailable(name, "is empty");
  return trimmed;
};

const unavailable = (name: string, why: string, cause?: unknown): TerminalError =>
  new TerminalError("SecretUnavailable", `\`${name}\` ${why}`, { cause });

const reasonOf = (error: unknown): string => {
  switch (error instanceof Error ? error.name : "") {
    case "ResourceNotFoundException":
      return "does not exist, or has no current version";
    case "InvalidRequestException":
      return "is disabled or marked for deletion";
    case "AccessDeniedException":
      return "may not be read by this function's role";
    default:
      return "cannot be read";
  }
};

/** An ARN names the account; people know the secret by its name. */
const nameOf = (secretId: string): string =>
  secretId.startsWith("arn:") ? (secretId.split(":")[6] ?? "").replace(/-[A-Za-z0-9]{6}$/, "") : secretId;

/** Imported when needed: only deployed functions have a secret, and only one of its kind. */
const fetchWhenNeeded: FetchSecret = async (secretId) => {
  const { fetchFromSecretsManager } = await import("./secrets-manager.ts");
  return await fetchFromSecretsManager(secretId);
};
