import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from "@modelcontextprotocol/client";
import { RetryableError, TerminalError } from "../kernel/errors.ts";
import type { ToolServer } from "../ports/tool-servers.ts";

/** What a request to a tool server failed with, in our words: what a server says is in no failure. */
export const mcpFailure = (
  error: unknown,
  { name, auth }: ToolServer,
  timeoutMs: number,
): RetryableError | TerminalError => {
  if (error instanceof RetryableError || error instanceof TerminalError) return error;
  const unavailable = (what: string): RetryableError =>
    new RetryableError("ToolServerUnavailable", `the MCP server "${name}" ${what}`, { cause: error });
  const refused = (what: string): TerminalError =>
    new TerminalError("ToolServerRefused", `the MCP server "${name}" ${what}`, { cause: error });

  const chain = causesOf(error);
  const status = chain.find((cause) => cause instanceof SdkHttpError)?.status;
  if (status === 401 || status === 403) {
    return refused(
      auth === undefined
        ? `wants a credential (${status}); declare its auth and put one into the agent's secret`
        : `does not take the agent's credential (${status}); check mcp.${name} in the agent's secret`,
    );
  }
  if (status !== undefined) {
    const mayPass = status >= 500 || status === 408 || status === 425 || status === 429;
    return mayPass ? unavailable(`answered ${status}`) : refused(`answered ${status}; check its url`);
  }
  if (chain.some((cause) => cause instanceof SdkError && cause.code === SdkErrorCode.RequestTimeout)) {
    return unavailable(
      `did not answer within ${timeoutMs / 1000} seconds; what was asked for may have been done`,
    );
  }
  const code = chain.map((cause) => (cause as NodeJS.ErrnoException).code).find(isErrno);
  if (code !== undefined) return unavailable(`cannot be reached (${code})`);
  if (chain.some((cause) => cause instanceof ProtocolError || cause instanceof SdkError)) {
    return refused("does not speak the protocol as we do; check its url and version");
  }
  return unavailable("cannot be reached, or was lost; what was asked for may have been done");
};

const CAUSES_MAX = 8;

const causesOf = (error: unknown): Error[] => {
  const causes: Error[] = [];
  let cause = error;
  while (cause instanceof Error && causes.length < CAUSES_MAX) {
    causes.push(cause);
    cause = cause.cause;
  }
  return causes;
};

/** `ECONNREFUSED`, `ENOTFOUND`, `UND_ERR_SOCKET`, a certificate's; not the SDK's own words. */
const isErrno = (code: unknown): code is string =>
  typeof code === "string" && /^(E[A-Z]{2,}|UND_ERR_\w+|CERT_\w+|DEPTH_\w+|SELF_\w+|UNABLE_\w+)$/.test(code);
