import type { ExecutionStatus } from "../shared/contracts/execution-state.ts";
import type { AgentName } from "../shared/contracts/ids.ts";

/** Every way in which the API refuses: the code is stable, the title the same for each occurrence. */
export const PROBLEMS = {
  AGENT_NOT_FOUND: { status: 400, title: "No such agent" },
  ALREADY_ANSWERED: { status: 409, title: "The question has another answer already" },
  ALREADY_FINISHED: { status: 409, title: "The execution has already finished" },
  AMBIGUOUS_QUESTION: { status: 409, title: "Several questions are open" },
  BODY_REQUIRED: { status: 400, title: "A body is required" },
  CONTENT_LOST: { status: 500, title: "Stored content is gone or altered" },
  DUPLICATE_KEY: { status: 400, title: "A key stands twice in one object" },
  EXECUTION_NOT_FOUND: { status: 404, title: "No such execution" },
  FILE_NOT_FOUND: { status: 404, title: "No such file in the workspace" },
  FORBIDDEN_KEY: { status: 400, title: "A key that is never allowed" },
  IDEMPOTENCY_CONFLICT: { status: 409, title: "The Idempotency-Key was used with another body" },
  INPUT_TOO_LARGE: { status: 413, title: "The input is too large" },
  INTERNAL: { status: 500, title: "Something went wrong on our side" },
  INVALID_ANSWER: { status: 400, title: "Not an answer to this question" },
  INVALID_BODY: { status: 400, title: "The body is not as described" },
  INVALID_BUDGET: { status: 400, title: "Not a possible budget" },
  INVALID_ID: { status: 400, title: "Not an execution id" },
  INVALID_IDEMPOTENCY_KEY: { status: 400, title: "Not a possible Idempotency-Key" },
  INVALID_INPUT: { status: 400, title: "Not a possible input" },
  INVALID_JSON: { status: 400, title: "The body is not JSON" },
  INVALID_NAME: { status: 400, title: "Not a possible name" },
  INVALID_PATH: { status: 400, title: "Not a workspace path" },
  INVALID_STATUS: { status: 400, title: "Not an execution status" },
  INVALID_TOKEN: { status: 400, title: "Not a page token of this list" },
  METHOD_NOT_ALLOWED: { status: 405, title: "This path does not take that method" },
  NOT_A_QUESTION: { status: 409, title: "This task asks a person nothing" },
  OUT_OF_RANGE: { status: 400, title: "A number out of range" },
  PRICE_UNKNOWN: { status: 400, title: "A dollar budget needs a known price" },
  QUESTION_CLOSED: { status: 409, title: "Nobody waits for this answer any more" },
  ROUTE_NOT_FOUND: { status: 404, title: "No such route" },
  STATE_UNREADABLE: { status: 500, title: "The stored execution cannot be read" },
  TASK_NOT_FOUND: { status: 404, title: "No such task in this execution" },
  TOO_DEEP: { status: 400, title: "The JSON is nested too deeply" },
  UNAVAILABLE: { status: 503, title: "Try again in a moment" },
  UNKNOWN_FIELD: { status: 400, title: "A field that is not known here" },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: "Send application/json" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** What one occurrence adds to its code. All of it reaches the caller: nothing secret, nothing long. */
export interface Occurrence {
  /** The field at fault, as a path such as `limits.usd`. */
  readonly path?: string | undefined;
  readonly executionStatus?: ExecutionStatus;
  readonly agents?: readonly AgentName[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown anywhere below a route; `app.ts` turns it into the answer. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly code: ProblemCode;
  readonly detail: string;
  readonly occurrence: Occurrence;

  constructor(code: ProblemCode, detail: string, occurrence: Occurrence = {}) {
    super(`${code}: ${detail}`);
    this.code = code;
    this.detail = detail;
    this.occurrence = occurrence;
  }
}
