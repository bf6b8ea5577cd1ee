import { setImmediate as nextRound } from "node:timers/promises";
import { z } from "zod";
import { type AgentDeclaration, defineAgent } from "../../../../functions/shared/agent/agent-spec.ts";
import { handoff } from "../../../../functions/shared/agent/handoff-tool.ts";
import { StandaloneAgent } from "../../../../functions/shared/agent/standalone-agent.ts";
import { defineTool } from "../../../../functions/shared/agent/tool.ts";
import { listFiles } from "../../../../functions/shared/agent/tools/list-files.ts";
import { readFile } from "../../../../functions/shared/agent/tools/read-file.ts";
import { writeFile } from "../../../../functions/shared/agent/tools/write-file.ts";
import type { AgentManifest } from "../../../../functions/shared/contracts/agent-manifest.ts";
import type { Answer } from "../../../../functions/shared/contracts/handoff.ts";
import { DEFAULT_EXECUTION_LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import type { AssistantBlock } from "../../../../functions/shared/contracts/model-message.ts";
import { newPermit, Permit } from "../../../../functions/shared/contracts/permit.ts";
import { LOCAL_TIMES } from "../../../../functions/shared/contracts/protocol-times.ts";
import type { AccountLimits } from "../../../../functions/shared/contracts/provider-account.ts";
import { permitKey, taskKey, taskPartition } from "../../../../functions/shared/contracts/resources.ts";
import {
  CallRecord,
  type JoinedAnswers,
  TaskRecord,
  type TaskRequest,
  type ToolEffect,
  TurnRecord,
} from "../../../../functions/shared/contracts/task-record.ts";
import { NO_USAGE, type Usage } from "../../../../functions/shared/contracts/usage.ts";
import type { Blobs } from "../../../../functions/shared/ports/blobs.ts";
import type { Clock } from "../../../../functions/shared/ports/clock.ts";
import type { Model, ModelRequest, ModelTurn } from "../../../../functions/shared/ports/model.ts";
import type { Verdict } from "../../../../functions/shared/ports/queues.ts";
import type { Store } from "../../../../functions/shared/ports/store.ts";
import type { ToolServers } from "../../../../functions/shared/ports/tool-servers.ts";
import type { Web } from "../../../../functions/shared/ports/web.ts";
import {
  ManualClock,
  MemoryBlobs,
  MemoryQueues,
  MemoryStore,
  seededRandom,
  silentLog,
} from "../../../support/memory-ports.ts";

export const EXECUTION = "01HZZZZZZZZZZZZZZZZZZZZZZZ";
export const TASK = `${EXECUTION}.1`;

export const usageOf = (inputTokens: number, outputTokens: number): Usage => ({
  ...NO_USAGE,
  calls: 1,
  inputTokens,
  outputTokens,
  microUsd: inputTokens + outputTokens,
});
/** What each scripted turn costs; the estimate is far above it. */
export const TURN_USAGE = usageOf(70, 30);
export const ESTIMATE = { tokens: 1_000, microUsd: 1_000 };

export const text = (words: string): AssistantBlock => ({ type: "text", text: words });
export const call = (
  name: string,
  input: unknown,
  id = `${name}-${JSON.stringify(input)}`,
): AssistantBlock => ({
  type: "tool_use",
  id: id.slice(0, 60),
  name,
  input,
});
/** A handoff to one agent. */
export const askPeer = (agent: string, task = "plan it", id = "h1"): AssistantBlock =>
  call("handoff", { mode: "single", to: [{ agent, task }] }, id);
/** What the coordinator joins of a branch that has succeeded; task n of the execution. */
export const succeeded = (agent: string, answer: Answer, n = 2) => ({
  agent,
  taskId: `${EXECUTION}.${n}`,
  status: "succeeded" as const,
  answer,
});
export const turn = (content: readonly AssistantBlock[], stopReason?: string | null): ModelTurn => ({
  content,
  stopReason:
    stopReason !== undefined
      ? stopReason
      : content.some((block) => block.type === "tool_use")
        ? "tool_use"
        : "end_turn",
  usage: TURN_USAGE,
  model: "scripted-1",
  requestId: "req_1",
});
export const answer = (words: string): ModelTurn => turn([text(words)]);

/** One step of a script: a turn, an error, or whatever a function makes of the request. */
export type Step =
  | ModelTurn
  | Error
  | ((request: ModelRequest, signal: AbortSignal) => ModelTurn | Promise<ModelTurn>);

/**
 * A model that answers turn n with `script[n]`, told by the assistant messages that it is shown: asked
 * twice for one turn it says the same, and `calls` shows it. Errors are said once.
 */
export class ScriptedModel implements Model {
  readonly requests: ModelRequest[] = [];
  readonly contextTokens = 130_000;
  estimated = ESTIMATE as { tokens: number; microUsd: number | null };
  readonly #script: Step[];

  constructor(script: readonly Step[]) {
    this.#script = [...script];
  }

  estimate() {
    return this.estimated;
  }

  async call(request: ModelRequest, signal: AbortSignal): Promise<ModelTurn> {
    signal.throwIfAborted();
    this.requests.push(structuredClone(request));
    const n = request.messages.filter((message) => message.role === "assistant").length;
    const step = this.#script[n];
    if (step === undefined) throw new Error(`the script has no turn ${n + 1}`);
    if (step instanceof Error) {
      this.#script.splice(n, 1);
      throw step;
    }
    return typeof step === "function" ? step(request, signal) : step;
  }

  get callsByTurn(): Map<number, number> {
    const counts = new Map<number, number>();
    for (const { messages } of this.requests) {
      const n = messages.filter((message) => message.role === "assistant").length + 1;
      counts.set(n, (counts.get(n) ?? 0) + 1);
    }
    return counts;
  }
}

/** Resolves never, rejects when aborted: a model that hangs. */
export const hang = (_: ModelRequest, signal: AbortSignal): Promise<ModelTurn> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });

export const MANIFEST: AgentManifest = ["coder", "planner", "critic"].map((name) => ({
  name,
  role: `${name}'s role`,
  tools: [],
  handoffs: ["coder", "planner", "critic"].filter((other) => other !== name),
  retry: [],
  concurrency: 10,
}));

/** A tool that counts its runs and may fail or wait. */
export const countingTool = (
  name: string,
  effect: ToolEffect,
  run: (n: number) => string | Promise<string>,
) => {
  const runs: unknown[] = [];
  const tool = defineTool({
    name,
    description: "for tests",
    effect,
    input: z.strictObject({ n: z.int().optional(), note: z.string().optional() }),
    run: async (input) => {
      runs.push(input);
      return run(runs.length);
    },
  });
  return { tool, runs };
};

export interface WorldOptions {
  readonly script?: readonly Step[];
  readonly spec?: Partial<AgentDeclaration>;
  readonly request?: Partial<TaskRequest>;
  readonly manifest?: AgentManifest;
  readonly task?: string;
  readonly accountLimits?: AccountLimits;
  readonly prompt?: string;
}

/** One task of one agent on the memory ports, and a stand-in for the coordinator. */
export class AgentWorld {
  readonly store = new MemoryStore();
  readonly queues = new MemoryQueues();
  readonly blobs = new MemoryBlobs();
  readonly clock = new ManualClock();
  readonly random = seededRandom(7);
  readonly model: ScriptedModel;
  readonly logged: { message: string; fields: object }[] = [];
  readonly name: string;
  readonly #options: WorldOptions;
  #remainingMs = 900_000;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    this.name = options.spec?.name ?? "coder";
    this.model = new ScriptedModel(options.script ?? [answer("done")]);
    this.store.force({
      ...permitKey(EXECUTION),
      ...newPermit("default", this.limits, 2_000_000_000),
    });
    this.store.force({
      ...taskKey(this.name, TASK),
      status: "SCHEDULED",
      version: 1,
      executionId: EXECUTION,
      taskId: TASK,
      agent: this.name,
      tenant: "default",
      attempt: 1,
      epoch: 1,
      request: {
        packet: { task: { inline: options.task ?? "Write a rate limiter" }, artifacts: [] },
        from: null,
        depth: 0,
        deadlineAt: this.clock.now() + 3_600_000,
        answerInlineBytes: 16 * 1024,
        limits: this.limits,
        ...options.request,
      },
      usage: NO_USAGE,
      turns: 0,
      crashes: 0,
      progress: "",
      expiresAt: 2_000_000_000,
    });
  }

  get limits() {
    return { ...DEFAULT_EXECUTION_LIMITS, ...this.#options.request?.limits };
  }

  /** A fresh function: nothing but the ports is shared with the one before. */
  agent(
    ports: {
      store?: Store;
      blobs?: Blobs;
      queues?: MemoryQueues;
      model?: Model;
      clock?: Clock;
      openToolServers?: () => Promise<ToolServers>;
      web?: Web;
    } = {},
  ): StandaloneAgent {
    const spec = defineAgent({
      name: "coder",
      role: "code implementation",
      tools: [listFiles, readFile, writeFile, handoff],
      ...this.#options.spec,
    });
    const note = (message: string, fields: object = {}) => void this.logged.push({ message, fields });
    return new StandaloneAgent(spec, {
      store: this.store,
      queues: this.queues,
      blobs: this.blobs,
      model: this.model,
      account: { name: "anthropic", limits: this.#options.accountLimits ?? {} },
      clock: this.clock,
      random: this.random,
      log: { ...silentLog, warn: note, error: note },
      times: LOCAL_TIMES,
      agents: this.#options.manifest ?? MANIFEST,
      prompt: this.#options.prompt ?? "Do your work.",
      ...ports,
    });
  }

  remaining(ms: number): this {
    this.#remainingMs = ms;
    return this;
  }

  get invocation() {
    return { remainingMs: () => this.#remainingMs };
  }

  delivery(messageId = "m1", taskId = TASK) {
    const body = JSON.stringify({ v: 1, kind: "work", taskId });
    return { messageId, receiptHandle: `receipt-${messageId}`, body, receiveCount: 1 };
  }

  /** Delivers once to a fresh function, moving the clock whenever nothing else is left to happen. */
  deliver(messageId = "m1", agent = this.agent()): Promise<Verdict> {
    return this.settle(agent.handle(this.delivery(messageId), this.invocation));
  }

  /** Awaits a promise, moving the clock by `stepMs` whenever everybody waits for it. */
  async settle<Result>(promise: Promise<Result>, stepMs = 250): Promise<Result> {
    let isSettled = false;
    const settled = promise.finally(() => {
      isSettled = true;
    });
    settled.catch(() => {});
    for (let rounds = 0; rounds < 2_000 && !isSettled; rounds++) {
      await nextRound();
      if (!isSettled) this.clock.advance(stepMs);
    }
    if (!isSettled) throw new Error("nothing happens any more");
    return settled;
  }

  /** Lets everybody who does not wait for the clock go on. */
  async rounds(count = 3): Promise<void> {
    for (let n = 0; n < count; n++) await nextRound();
  }

  /** The coordinator's answer to a suspension. */
  async resume(results: JoinedAnswers["results"], k = 1): Promise<void> {
    const written = await this.store.update(taskKey(this.name, TASK), {
      set: [
        [["status"], "SCHEDULED"],
        [["answers"], { k, results } as never],
      ],
      add: [
        [["epoch"], 1],
        [["version"], 1],
      ],
      remove: [["claim"]],
      when: [
        { path: ["status"], is: "equal", value: "SUSPENDED" },
        { path: ["suspension", "k"], is: "equal", value: k },
      ],
    });
    if (written !== "applied") throw new Error("not suspended");
  }

  /** The coordinator's retry of a failed attempt. */
  async retry(): Promise<void> {
    const { attempt } = this.record();
    await this.store.update(taskKey(this.name, TASK), {
      set: [
        [["status"], "SCHEDULED"],
        [["attempt"], attempt + 1],
      ],
      add: [
        [["epoch"], 1],
        [["version"], 1],
      ],
      remove: [["claim"], ["failure"]],
      when: [{ path: ["status"], is: "equal", value: "FAILED" }],
    });
  }

  async stop(scope: "execution" | "task", cause = "stopped by the user"): Promise<void> {
    const path = scope === "execution" ? (["stopped"] as const) : (["stops", "1"] as const);
    await this.store.update(permitKey(EXECUTION), {
      set: [[path, { at: this.clock.now(), cause }]],
      when: [],
    });
  }

  record(): TaskRecord {
    return TaskRecord.parse(this.#item("TASK"));
  }

  /** Changes attributes of the record behind the protocol's back. */
  forceRecord(attributes: object): void {
    this.store.force({ ...this.#item("TASK"), ...attributes } as never);
  }

  permit(): Permit {
    return Permit.parse(this.store.items().find((item) => item.sk === "PERMIT"));
  }

  forcePermit(attributes: Partial<Permit>): void {
    this.store.force({ ...permitKey(EXECUTION), ...this.permit(), ...attributes });
  }

  turns(): TurnRecord[] {
    return this.#items("TURN#").map((item) => TurnRecord.parse(item));
  }

  calls(): CallRecord[] {
    return this.#items("CALL#").map((item) => CallRecord.parse(item));
  }

  /** What the model was shown as the result of a call, in its last request. */
  shown(callId: string): { content: string; is_error?: boolean } | undefined {
    const blocks = this.model.requests
      .at(-1)
      ?.messages.flatMap((message) => (typeof message.content === "string" ? [] : [...message.content]));
    return blocks?.find((block) => "tool_use_id" in block && block.tool_use_id === callId) as
      | { content: string; is_error?: boolean }
      | undefined;
  }

  failure() {
    const record = this.record();
    return record.status === "FAILED" ? record.failure : undefined;
  }

  hints() {
    return this.queues.sent.filter(({ queue }) => queue === "events").map(({ message }) => message);
  }

  #items(prefix: string) {
    return this.store
      .items()
      .filter((item) => item.pk === taskPartition(this.name, TASK) && item.sk.startsWith(prefix))
      .sort((a, b) => (a.sk < b.sk ? -1 : 1));
  }

  #item(sk: string) {
    return this.#items(sk)[0];
  }
}
