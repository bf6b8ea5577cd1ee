import type { z } from "zod";
import {
  type ExecutionView,
  FileContent,
  FileList,
  HistoryPage,
  StartExecutionAnswer,
  type StartExecutionBody,
  TaskDetail,
  ExecutionView as View,
} from "../../functions/shared/contracts/api.ts";

import type { AnswerBody, QuestionView } from "../../functions/shared/contracts/question.ts";

/** An emulator starts functions one after the other, and its clock ticks once a minute. */
export const PATIENCE = process.env["BULKHEAD_API"] === undefined ? 1 : 6;

/** A deployed system as its callers see it: an API address, and a key where one is asked for. */
export class Target {
  readonly url: string;
  readonly #key: string | undefined;

  constructor(url: string, key?: string) {
    this.url = url.replace(/\/$/, "");
    this.#key = key;
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#key !== undefined) headers.set("x-api-key", this.#key);
    return fetch(`${this.url}${path}`, { ...init, headers });
  }

  post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.fetch(path, {
      method: "POST",
      ...(body === undefined
        ? { headers }
        : { headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) }),
    });
  }

  /** The id of a new execution. The script of the model server is named in the input: `[[name]]`. */
  async start(input: string, body: Omit<StartExecutionBody, "input"> = {}): Promise<string> {
    const response = await this.post("/executions", { input, ...body });
    if (response.status !== 202) throw new Error(`start: ${response.status} ${await response.text()}`);
    return StartExecutionAnswer.parse(await response.json()).executionId;
  }

  get(id: string): Promise<ExecutionView> {
    return this.#read(View, `/executions/${id}`);
  }

  /** Waits until a view satisfies the claim; the newest view is in the error when it never does. */
  async until(
    id: string,
    claim: (view: ExecutionView) => boolean,
    timeoutMs = 30_000 * PATIENCE,
  ): Promise<ExecutionView> {
    const end = Date.now() + timeoutMs;
    let view = await this.get(id);
    while (!claim(view)) {
      if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${JSON.stringify(view, null, 1)}`);
      if (view.status !== "RUNNING") throw new Error(`ended too early: ${JSON.stringify(view, null, 1)}`);
      view = await this.#read(View, `/executions/${id}?wait=2`);
    }
    return view;
  }

  end(id: string, timeoutMs?: number): Promise<ExecutionView> {
    return this.until(id, (view) => view.status !== "RUNNING", timeoutMs);
  }

  async run(
    input: string,
    body?: Omit<StartExecutionBody, "input">,
    timeoutMs?: number,
  ): Promise<ExecutionView> {
    return this.end(await this.start(input, body), timeoutMs);
  }

  async history(id: string): Promise<z.infer<typeof HistoryPage>["events"]> {
    return (await this.#read(HistoryPage, `/executions/${id}/history`)).events;
  }

  task(id: string, n: number): Promise<z.infer<typeof TaskDetail>> {
    return this.#read(TaskDetail, `/executions/${id}/tasks/${n}`);
  }

  /** Waits until a person is asked something. */
  async question(id: string, n = 1): Promise<QuestionView> {
    const view = await this.until(id, ({ questions = [] }) => questions.length >= n);
    return view.questions?.[n - 1] as QuestionView;
  }

  /** Answers as a client does: again, while the question is still being asked. */
  async answer(id: string, task: number, body: AnswerBody): Promise<Response> {
    for (;;) {
      const response = await this.post(`/executions/${id}/tasks/${task}/answer`, body);
      if (response.status !== 503) return response;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async files(id: string): Promise<string[]> {
    return (await this.#read(FileList, `/executions/${id}/files`)).files.map(({ path }) => path);
  }

  async file(id: string, path: string): Promise<string> {
    return (await this.#read(FileContent, `/executions/${id}/files?path=${encodeURIComponent(path)}`))
      .content;
  }

  async #read<T>(schema: z.ZodType<T>, path: string): Promise<T> {
    const response = await this.fetch(path);
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return schema.parse(await response.json());
  }
}
