import { createApp } from "../../../functions/api/app.ts";
import type { AgentManifest } from "../../../functions/shared/contracts/agent-manifest.ts";
import type { ExecutionState, TaskState } from "../../../functions/shared/contracts/execution-state.ts";
import { initialState } from "../../../functions/shared/contracts/execution-state.ts";
import type { HistoryEvent } from "../../../functions/shared/contracts/history-event.ts";
import type { Item } from "../../../functions/shared/contracts/item.ts";
import { DEFAULT_EXECUTION_LIMITS } from "../../../functions/shared/contracts/limits.ts";
import { AWS_TIMES } from "../../../functions/shared/contracts/protocol-times.ts";
import { taskKey } from "../../../functions/shared/contracts/resources.ts";
import { encodeState, newStateItem } from "../../../functions/shared/contracts/stored-execution.ts";
import { NO_USAGE, type Usage } from "../../../functions/shared/contracts/usage.ts";
import type { ApiPorts } from "../../../functions/shared/ports/api-ports.ts";
import {
  ManualClock,
  MemoryBlobs,
  MemoryQueues,
  MemoryStore,
  seededRandom,
  silentLog,
} from "../../support/memory-ports.ts";

export const ID = "01JD4ZK8M3V7Q2XW5R9T6B1CFG";
export const NOW = 1_700_000_000_000;

const agent = (name: string, handoffs: string[]): AgentManifest[number] => ({
  name,
  role: `${name} of the team`,
  tools: ["read_file", "handoff"],
  handoffs,
  retry: [],
  concurrency: 10,
});

export const AGENTS: AgentManifest = [
  agent("coder", ["planner", "critic"]),
  agent("planner", ["critic"]),
  agent("critic", []),
];

const priced = { provider: "anthropic", model: "known-model", priced: true } as const;

/** The API on the memory ports, and a client of it for each tenant. */
export const anApi = (changes: Partial<ApiPorts> = {}) => {
  const store = new MemoryStore();
  const queues = new MemoryQueues();
  const blobs = new MemoryBlobs();
  const clock = new ManualClock(NOW);
  const ports: ApiPorts = {
    store,
    queues,
    blobs,
    clock,
    random: seededRandom(7),
    log: silentLog,
    agents: AGENTS,
    agentModels: { coder: priced, planner: priced, critic: priced },
    tokenSecret: async () => "a secret of the test",
    scripted: true,
    times: AWS_TIMES,
    ...changes,
  };
  const app = createApp(ports);
  const as =
    (tenant?: string) =>
    async (path: string, init?: RequestInit): Promise<Response> =>
      app.request(path, init, {
        requestContext: { requestId: "request-1", identity: { apiKeyId: tenant ?? null } },
      });
  const request = as();
  const post = (body: unknown, headers: Record<string, string> = {}, query = "") =>
    request(`/executions${query}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  return { ...ports, store, queues, blobs, clock, app, as, request, post };
};

export type Api = ReturnType<typeof anApi>;

/** Every promise that can move without time has moved. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Moves the clock until the answer is there; fails when it takes more than `msMax` of virtual time. */
export const answerWithin = async (
  clock: ManualClock,
  answer: Promise<Response>,
  msMax: number,
): Promise<{ response: Response; ms: number }> => {
  let response: Response | undefined;
  void answer.then((value) => {
    response = value;
  });
  const startedAt = clock.now();
  for (;;) {
    await settled();
    if (response !== undefined) return { response, ms: clock.now() - startedAt };
    if (clock.now() - startedAt >= msMax) throw new Error(`no answer within ${msMax} ms`);
    clock.advance(25);
  }
};

export const aState = (changes: Partial<ExecutionState> = {}): ExecutionState => ({
  ...initialState({
    executionId: ID,
    tenant: "default",
    createdAt: NOW,
    expiresAt: NOW / 1000 + 3_600,
    agent: "coder",
    input: { inline: "Write a rate limiter" },
    limits: DEFAULT_EXECUTION_LIMITS,
  }),
  ...changes,
});

export const aTask = (n: number, name: string, changes: Partial<TaskState> = {}): TaskState => ({
  n,
  agent: name,
  depth: 0,
  status: "SCHEDULED",
  attempt: 1,
  suspensions: 0,
  turns: 0,
  usage: NO_USAGE,
  scheduledAt: NOW,
  ...changes,
});

export const usage = (calls: number, microUsd: number | null = calls * 10): Usage => ({
  ...NO_USAGE,
  calls,
  inputTokens: calls * 100,
  outputTokens: calls * 10,
  microUsd,
});

/** STATE as a coordinator's commit would leave it. */
export const putState = (
  store: MemoryStore,
  state: ExecutionState,
  { version = 2, events = [] }: { version?: number; events?: HistoryEvent[] } = {},
): void => store.force({ ...newStateItem(state, NOW), version, ...encodeState(state, events) });

export const putRecord = (
  store: MemoryStore,
  name: string,
  n: number,
  changes: Record<string, unknown> = {},
): void =>
  store.force({
    ...taskKey(name, `${ID}.${n}`),
    version: 1,
    executionId: ID,
    taskId: `${ID}.${n}`,
    agent: name,
    tenant: "default",
    status: "SCHEDULED",
    attempt: 1,
    epoch: 1,
    request: {
      packet: { task: { inline: `task for ${name}` }, artifacts: [] },
      from: null,
      depth: 0,
      deadlineAt: NOW + 3_600_000,
      answerInlineBytes: 16_384,
      limits: DEFAULT_EXECUTION_LIMITS,
    },
    usage: NO_USAGE,
    turns: 0,
    crashes: 0,
    progress: "",
    expiresAt: NOW / 1000 + 3_600,
    ...changes,
  } as Item);

export const problemOf = async (response: Response): Promise<Record<string, unknown>> => {
  if (response.headers.get("content-type") !== "application/problem+json") {
    throw new Error(`not a problem: ${response.status} ${await response.text()}`);
  }
  return (await response.json()) as Record<string, unknown>;
};
