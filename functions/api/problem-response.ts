import type { Problem } from "../shared/contracts/api.ts";
import { discreetErrorFields } from "../shared/kernel/error-fields.ts";
import { RetryableError, TerminalError } from "../shared/kernel/errors.ts";
import type { Log } from "../shared/ports/log.ts";
import { ApiProblem, PROBLEMS } from "./problems.ts";

/** The one place where errors become HTTP. What is not ours to tell is logged and answered as `INTERNAL`. */
export const problemResponse = (error: unknown, requestId: string, log: Log): Response => {
  const problem = toProblem(error);
  if (PROBLEMS[problem.code].status >= 500) {
    log.error("request failed", { requestId, code: problem.code, ...discreetErrorFields(error) });
  }
  const { headers, ...extensions } = problem.occurrence;
  const { status, title } = PROBLEMS[problem.code];
  const body = {
    type: `urn:bulkhead:problem:${problem.code}`,
    title,
    status,
    code: problem.code,
    detail: problem.detail,
    ...extensions,
    requestId,
  } satisfies Partial<Record<keyof Problem, unknown>>;
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
};

const toProblem = (error: unknown): ApiProblem => {
  if (error instanceof ApiProblem) return error;
  if (error instanceof RetryableError) {
    const seconds = String(Math.ceil(error.retryAfterSeconds ?? 1));
    return new ApiProblem("UNAVAILABLE", `nothing was lost; try again in ${seconds} s`, {
      headers: { "retry-after": seconds },
    });
  }
  if (error instanceof TerminalError && error.failureName === "CheckpointLost") {
    return new ApiProblem("CONTENT_LOST", "a stored text is missing or fails its checksum");
  }
  return new ApiProblem("INTERNAL", "the log has the details under this request id");
};
