import { z } from "@hono/zod-openapi";
import { FirstFile, RequestedLimits, StartExecutionBody } from "../shared/contracts/api.ts";
import { ExecutionStatus } from "../shared/contracts/execution-state.ts";
import { ExecutionId } from "../shared/contracts/ids.ts";
import { LIMITS } from "../shared/contracts/limits.ts";
import { nearestName } from "../shared/kernel/nearest-name.ts";
import { ApiProblem, type ProblemCode } from "./problems.ts";
import { quoted, shown } from "./shown.ts";

/** Each field of a body, path or query: the code when it is wrong, and what it must be. */
const FIELDS: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  input: ["INVALID_INPUT", "be a text of at least 1 character"],
  agent: ["INVALID_NAME", "be 1 to 32 of a-z, 0-9 and -, beginning with a letter"],
  files: ["INVALID_BODY", `be a list of at most ${LIMITS.firstFilesMax} files {path, content}`],
  "files.*": ["INVALID_BODY", "be an object {path, content}"],
  "files.*.path": ["INVALID_PATH", "be a workspace path such as src/main.ts"],
  "files.*.content": ["INVALID_BODY", "be a text; it may be empty"],
  limits: ["INVALID_BODY", "be an object"],
  "limits.usd": ["INVALID_BUDGET", `be a number above 0 and at most ${LIMITS.microUsdMax / 1e6}`],
  "limits.tokens": ["OUT_OF_RANGE", `be a whole number from 1 to ${LIMITS.tokensMax}`],
  "limits.calls": ["OUT_OF_RANGE", `be a whole number from 1 to ${LIMITS.callsMax}`],
  "limits.deadlineSeconds": ["OUT_OF_RANGE", `be a whole number from 1 to ${LIMITS.deadlineSecondsMax}`],
  "limits.depth": ["OUT_OF_RANGE", `be a whole number from 0 to ${LIMITS.depthMax}`],
  "limits.events": ["OUT_OF_RANGE", `be a whole number from 10 to ${LIMITS.eventsMax}`],
  decision: ["INVALID_ANSWER", 'be "approve" or "reject"'],
  reason: ["INVALID_ANSWER", `be a text of at most ${LIMITS.rejectReasonBytesMax} bytes`],
  text: ["INVALID_ANSWER", `be a text of at most ${LIMITS.humanTextBytesMax} bytes`],
  id: ["INVALID_ID", "be 26 characters of 0-9 and A-Z without I, L, O, U"],
  n: ["OUT_OF_RANGE", `be a whole number from 1 to ${LIMITS.tasksMax}`],
  wait: ["OUT_OF_RANGE", "be a whole number of seconds"],
  after: ["OUT_OF_RANGE", "be a whole number"],
  limit: ["OUT_OF_RANGE", `be a whole number from 1 to ${LIMITS.pageSizeMax}`],
  status: ["INVALID_STATUS", `be one of ${ExecutionStatus.options.join(", ")}`],
  page: ["INVALID_TOKEN", "be the `next` of this list's last page"],
  path: ["INVALID_PATH", `be 1 to ${LIMITS.pathBytesMax} bytes`],
};

/** The names that a caller may have meant. */
const BODY_NAMES = Object.keys(StartExecutionBody.shape);
const LIMITS_NAMES = Object.keys(RequestedLimits.shape);
const FILE_NAMES = Object.keys(FirstFile.shape);
const QUERY_NAMES = ["after", "limit", "page", "path", "status", "wait"];

/** What is wrong with a body; `names` are the ones that it may have. */
export const bodyProblem = (
  error: z.ZodError,
  body: unknown,
  names: readonly string[] = BODY_NAMES,
): ApiProblem => fieldProblem(error, body, (path) => NAMES_AT[anyIndex(path)] ?? names);

const NAMES_AT: Readonly<Record<string, readonly string[]>> = {
  limits: LIMITS_NAMES,
  "files.*": FILE_NAMES,
};

/** `files.3.path` is described as `files.*.path`. */
const anyIndex = (path: string): string => path.replaceAll(/\.\d+(?=\.|$)/g, ".*");

/** What is wrong with a path, a query or a header. */
export const parameterProblem = (error: z.ZodError, parameters: unknown): ApiProblem =>
  fieldProblem(error, parameters, () => QUERY_NAMES);

/** The first thing wrong with a value, in our words. A mistyped name comes first: it explains the rest. */
const fieldProblem = (
  error: z.ZodError,
  value: unknown,
  namesAt: (path: string) => readonly string[],
): ApiProblem => {
  const issue = error.issues.find(({ code }) => code === "unrecognized_keys") ?? error.issues[0];
  const path = (issue?.path ?? []).map(String).join(".");
  if (issue?.code === "unrecognized_keys") return unknownField(issue.keys[0] ?? "", path, namesAt(path));
  const [code, must] = FIELDS[anyIndex(path)] ?? (["INVALID_BODY", "be a JSON object"] as const);
  const got = (issue?.path ?? []).reduce<unknown>(memberOf, value);
  return new ApiProblem(code, `${path || "the body"} must ${must}; got ${shown(got)}`, {
    path: path || undefined,
  });
};

const unknownField = (key: string, parent: string, names: readonly string[]): ApiProblem => {
  const nearest = nearestName(
    key,
    names.filter((name) => name !== key),
  );
  const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  return new ApiProblem("UNKNOWN_FIELD", `${quoted(key.slice(0, 40))} is not known here${hint}`, {
    path: [parent, key.slice(0, 40)].filter((part) => part !== "").join("."),
  });
};

const memberOf = (at: unknown, key: PropertyKey): unknown =>
  typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined;

interface Range {
  readonly min: number;
  readonly max: number;
}

/** A whole number in a path or query: digits only, so that `1e1`, `0x10` and an empty text are refused. */
export const wholeNumber = ({ min, max }: Range, description: string) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .openapi({ type: "integer", minimum: min, maximum: max, description });

export const waitSeconds = wholeNumber(
  { min: 0, max: 999_999_999 },
  `Seconds to wait for what is asked for, at most ${LIMITS.waitSecondsMax}; the \`Bulkhead-Wait\` header says what was granted.`,
).optional();

export const executionParams = z.object({
  id: ExecutionId.meta({ description: "The execution's id.", example: "01JD4ZK8M3V7Q2XW5R9T6B1CFG" }),
});

export const taskParams = executionParams.extend({
  n: wholeNumber({ min: 1, max: LIMITS.tasksMax }, "The task's number; the entry task is 1."),
});
