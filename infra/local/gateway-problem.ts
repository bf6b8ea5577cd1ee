import type { ServerResponse } from "node:http";
import type { Problem } from "../../functions/shared/contracts/api.ts";

/** What the gateway itself refuses, before or instead of the api function. */
const PROBLEMS = {
  FORBIDDEN: { status: 403, title: "The API key is missing or wrong" },
  INPUT_TOO_LARGE: { status: 413, title: "The request body is too large" },
  TOO_MANY_REQUESTS: { status: 429, title: "Too many requests" },
  BAD_GATEWAY: { status: 502, title: "The function failed" },
  UNAVAILABLE: { status: 503, title: "The host is stopping" },
  GATEWAY_TIMEOUT: { status: 504, title: "The function took too long" },
} as const;

export interface Refusal {
  readonly code: keyof typeof PROBLEMS;
  readonly detail: string;
  readonly retryAfterSeconds?: number;
  /** The rest of the body is not worth reading. */
  readonly endsConnection?: boolean;
}

export const sendProblem = (response: ServerResponse, refusal: Refusal, requestId: string): void => {
  if (response.headersSent || response.destroyed) return;
  for (const name of response.getHeaderNames()) response.removeHeader(name); // of an answer that went wrong
  const { code, detail, retryAfterSeconds } = refusal;
  const body = JSON.stringify({
    type: `urn:bulkhead:problem:${code}`,
    ...PROBLEMS[code],
    code,
    detail,
    requestId,
  } satisfies Problem);
  response.writeHead(PROBLEMS[code].status, {
    "content-type": "application/problem+json",
    "content-length": Buffer.byteLength(body),
    "x-amzn-requestid": requestId,
    ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(Math.ceil(retryAfterSeconds)) }),
    ...(refusal.endsConnection ? { connection: "close" } : {}),
  });
  response.end(body);
};
