import { RetryableError, TerminalError } from "../kernel/errors.ts";

/**
 * What all SDK clients of this project have in common. Two tries: the protocol retries by itself,
 * later and with what it has learnt in between. Connections are kept alive by the SDK's default agent.
 */
export const clientSettings = ({ requestTimeoutMs }: { readonly requestTimeoutMs: number }) => ({
  maxAttempts: 2,
  requestHandler: {
    connectionTimeout: 3_000,
    requestTimeout: requestTimeoutMs,
    // Without it the SDK writes a warning and waits on.
    throwOnRequestTimeout: true,
  },
});

/**
 * What a rejected request means for the caller. The SDK's own message may name accounts and ARNs,
 * so that only its error's name is told; the rest stays in `cause`.
 */
export const awsRefusal = (error: unknown, what: string): RetryableError | TerminalError => {
  if (error instanceof RetryableError || error instanceof TerminalError) return error;
  const name = error instanceof Error ? error.name : typeof error;
  return mayPass(error)
    ? new RetryableError("Internal", `${what} did not get through (${name})`, { cause: error })
    : new TerminalError("Internal", `${what} was refused (${name}); ${adviceOn(name)}`, { cause: error });
};

export const isNamed = (error: unknown, ...names: readonly string[]): boolean =>
  error instanceof Error && names.includes(error.name);

interface SdkError {
  readonly name?: string;
  /** Set by Node on socket errors. */
  readonly code?: unknown;
  readonly $retryable?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const THROTTLES = /throttl|toomanyrequests|limitexceeded|throughputexceeded|slowdown|overlimit/i;
const TRANSIENT =
  /^(timeouterror|requesttimeout|requesttimeoutexception|expiredtoken(exception)?|networkingerror)$/i;

const mayPass = (error: unknown): boolean => {
  const { name = "", code, $retryable, $metadata } = (error ?? {}) as SdkError;
  const status = $metadata?.httpStatusCode ?? 0;
  if ($retryable !== undefined || status >= 500 || status === 429) return true;
  if (THROTTLES.test(name) || TRANSIENT.test(name)) return true;
  // No answer at all: the socket broke before or in the middle of it.
  return typeof code === "string" && /^E[A-Z_]+$/.test(code);
};

const adviceOn = (name: string): string => {
  if (/accessdenied|unrecognizedclient|invalidsignature|invalidaccesskey|forbidden/i.test(name)) {
    return "check the function's role";
  }
  if (/notfound|doesnotexist|nosuch|nonexistent/i.test(name)) {
    return "check that what the function's environment names exists in this account and region";
  }
  return "the function's log has the details";
};
