import type { z } from "zod";
import {
  AgentList,
  ExecutionList,
  ExecutionView,
  FileContent,
  FileList,
  Health,
  HistoryPage,
  Problem,
  StartExecutionAnswer,
  type StartExecutionBody,
  TaskDetail,
} from "../../functions/shared/contracts/api.ts";
import type { ExecutionStatus } from "../../functions/shared/contracts/execution-state.ts";
import type { ExecutionId } from "../../functions/shared/contracts/ids.ts";
import { type AnswerBody, AnswerReceipt } from "../../functions/shared/contracts/question.ts";
import { ApiError, CliError, UnreachableError } from "./errors.ts";

/**
 * The HTTP API, typed. Every method rejects with ApiError when the API refuses, and with
 * UnreachableError when nobody answers in time. `waitSeconds` is the API's long poll.
 */
export interface ApiClient {
  readonly url: string;
  health(): Promise<Health>;
  agents(): Promise<AgentList>;
  start(body: StartExecutionBody): Promise<StartExecutionAnswer>;
  /** Newest first. `page` is a list's `next`. */
  executions(query: { limit?: number; status?: ExecutionStatus; page?: string }): Promise<ExecutionList>;
  execution(id: ExecutionId, poll?: Poll): Promise<ExecutionView>;
  /**
   * The execution unless it still is what `tag` stands for. A wait that is given the last look's
   * tag misses no change between the two.
   */
  executionSince(id: ExecutionId, tag: string | undefined, poll?: Poll): Promise<ExecutionLook>;
  /** Events after number `after`. */
  history(id: ExecutionId, poll: Poll & { after: number }): Promise<HistoryPage>;
  task(id: ExecutionId, task: number, signal?: AbortSignal): Promise<TaskDetail>;
  files(id: ExecutionId): Promise<FileList>;
  file(id: ExecutionId, path: string): Promise<FileContent>;
  answer(id: ExecutionId, task: number, body: AnswerBody): Promise<AnswerReceipt>;
  stop(id: ExecutionId): Promise<StartExecutionAnswer>;
}

export interface Poll {
  readonly waitSeconds?: number;
  readonly signal?: AbortSignal;
}

export interface ExecutionLook {
  /** Absent when nothing has changed. */
  readonly view: ExecutionView | undefined;
  readonly tag: string | undefined;
}

/** How long an answer may take beyond what it was asked to wait. */
const ANSWER_MS_MAX = 15_000;

export const createApiClient = ({ url, key }: { url: string; key?: string | undefined }): ApiClient => {
  const send = (path: string, request: Call): Promise<Answer> => {
    const address = new URL(url.replace(/\/$/, "") + path);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) address.searchParams.set(name, String(value));
    }
    return reach(address, url, {
      method: request.method ?? "GET",
      headers: {
        accept: "application/json",
        ...(key === undefined ? {} : { "x-api-key": key }),
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...(request.tag === undefined ? {} : { "if-none-match": request.tag }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      signal: AbortSignal.any([
        AbortSignal.timeout(ANSWER_MS_MAX + 1000 * Number(request.query?.["wait"] ?? 0)),
        ...(request.signal === undefined ? [] : [request.signal]),
      ]),
    });
  };
  const call = async <S extends z.ZodType>(
    schema: S,
    path: string,
    request: Call = {},
  ): Promise<z.infer<S>> => understand(schema, await send(path, request), url);
  const at = (id: ExecutionId, rest = ""): string => `/executions/${encodeURIComponent(id)}${rest}`;

  return {
    url,
    health: () => call(Health, "/health"),
    agents: () => call(AgentList, "/agents"),
    start: (body) => call(StartExecutionAnswer, "/executions", { method: "POST", body }),
    executions: (query) => call(ExecutionList, "/executions", { query }),
    execution: (id, poll = {}) => call(ExecutionView, at(id), polling(poll)),
    executionSince: async (id, tag, poll = {}) => {
      const answer = await send(at(id), { ...polling(poll), tag });
      const view = answer.status === NOT_MODIFIED ? undefined : understand(ExecutionView, answer, url);
      return { view, tag: answer.tag };
    },
    history: (id, poll) => call(HistoryPage, at(id, "/history"), polling(poll, { after: poll.after })),
    task: (id, task, signal) => call(TaskDetail, at(id, `/tasks/${task}`), { signal }),
    files: (id) => call(FileList, at(id, "/files")),
    file: (id, path) => call(FileContent, at(id, "/files"), { query: { path } }),
    answer: (id, task, body) =>
      call(AnswerReceipt, at(id, `/tasks/${task}/answer`), { method: "POST", body }),
    stop: (id) => call(StartExecutionAnswer, at(id, "/stop"), { method: "POST" }),
  };
};

const NOT_MODIFIED = 304;

interface Call {
  readonly method?: "GET" | "POST";
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  /** The `ETag` of what is known already. */
  readonly tag?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const polling = ({ waitSeconds, signal }: Poll, query: Call["query"] = {}): Call => ({
  query: { ...query, wait: waitSeconds },
  signal,
});

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfterSeconds: number | undefined;
  readonly tag: string | undefined;
  readonly text: string;
}

/** The whole answer, body included: a body that breaks off is a server that went away. */
const reach = async (address: URL, url: string, init: RequestInit): Promise<Answer> => {
  try {
    const response = await fetch(address, init);
    const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
    return {
      status: response.status,
      contentType: response.headers.get("content-type") ?? "",
      retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
      tag: response.headers.get("etag") ?? undefined,
      text: await response.text(),
    };
  } catch (error) {
    if (init.signal?.aborted === true && !isTimeout(init.signal.reason)) throw init.signal.reason;
    throw new UnreachableError(`${url} ${whatWentWrong(error)}`, {
      hint: "npm run bulkhead -- up    starts a host; --api URL names another one",
    });
  }
};

const isTimeout = (reason: unknown): boolean => reason instanceof Error && reason.name === "TimeoutError";

const whatWentWrong = (error: unknown): string => {
  if (isTimeout(error)) return "does not answer in time";
  const cause = error instanceof Error ? error.cause : undefined;
  // What fetch itself refuses has words and no code: "bad port".
  const code = cause instanceof Error ? ("code" in cause ? cause.code : cause.message) : undefined;
  if (code === "ECONNREFUSED") return "refuses the connection: nothing listens there";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "cannot be found: no such host";
  return `cannot be reached${typeof code === "string" ? ` (${code})` : ""}`;
};

const understand = <S extends z.ZodType>(schema: S, answer: Answer, url: string): z.infer<S> => {
  const body = parseJson(answer.text);
  if (answer.status >= 400) {
    const problem = Problem.safeParse(body);
    if (problem.success) throw new ApiError(problem.data, answer.retryAfterSeconds);
    // A gateway in front of the API refuses in words of its own: `{"message":"Forbidden"}`.
    throw new CliError(`${url} answers ${answer.status}${gatewayWords(body)}`, {
      ...(answer.status === 401 || answer.status === 403
        ? { hint: "--key KEY or BULKHEAD_KEY gives the API key" }
        : {}),
    });
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new CliError(`${url} does not answer as this version's API does`, {
    hint: "is another program listening there?",
  });
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const gatewayWords = (body: unknown): string =>
  typeof body === "object" && body !== null && "message" in body && typeof body.message === "string"
    ? `: ${body.message.slice(0, 200)}`
    : "";
