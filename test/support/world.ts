import { createApp } from "../../functions/api/app.ts";
import { createReconciler } from "../../functions/coordinator/reconcile.ts";
import { type AgentSpec, toManifestEntry } from "../../functions/shared/agent/agent-spec.ts";
import { StandaloneAgent } from "../../functions/shared/agent/standalone-agent.ts";
import { ExecutionView } from "../../functions/shared/contracts/api.ts";
import { LOCAL_TIMES } from "../../functions/shared/contracts/protocol-times.ts";
import type { Model } from "../../functions/shared/ports/model.ts";
import type { Delivery, Verdict } from "../../functions/shared/ports/queues.ts";
import { sweep } from "../../functions/sweeper/sweep.ts";
import {
  ManualClock,
  MemoryBlobs,
  MemoryQueues,
  MemoryStore,
  type Sent,
  seededRandom,
  silentLog,
} from "./memory-ports.ts";

interface Waiting {
  readonly sent: Sent;
  readonly messageId: string;
  receiveCount: number;
  visibleAt: number;
}

export interface WorldOptions {
  readonly agents: readonly AgentSpec[];
  /** Each agent's own model connection. */
  readonly models: Readonly<Record<string, Model>>;
  readonly seed?: number;
}

/**
 * The whole system in one process on in-memory ports: the API, coordinator, agents and sweeper as
 * they are deployed, with a clock that moves only when nothing else is left to do. Messages are
 * delivered one at a time, in an order that the seed decides.
 */
export class World {
  readonly store = new MemoryStore();
  readonly queues = new MemoryQueues();
  readonly blobs = new MemoryBlobs();
  readonly clock = new ManualClock();
  readonly #random;
  readonly #app;
  readonly #reconcile;
  readonly #agents: ReadonlyMap<string, StandaloneAgent>;
  #waiting: Waiting[] = [];
  #messages = 0;
  /** Messages sent so far, by the kind of queue. */
  readonly sentTo = { events: 0, agents: 0 };
  /** How often a function was run, by name. */
  readonly invocations: Record<string, number> = {};

  constructor({ agents, models, seed = 1 }: WorldOptions) {
    const random = seededRandom(seed);
    const names = agents.map(({ name }) => name);
    const manifest = agents.map((spec) => {
      const entry = toManifestEntry(spec);
      return { ...entry, handoffs: entry.handoffs ?? names.filter((name) => name !== spec.name) };
    });
    const { store, queues, blobs, clock } = this;
    const common = {
      store,
      queues,
      blobs,
      clock,
      random,
      log: silentLog,
      agents: manifest,
      times: LOCAL_TIMES,
    };
    this.#random = random;
    this.#app = createApp({
      ...common,
      agentModels: Object.fromEntries(
        names.map((name) => [name, { provider: "anthropic" as const, model: "test", priced: true }]),
      ),
      tokenSecret: async () => "a secret of sixteen characters and more",
      scripted: true,
    });
    this.#reconcile = createReconciler(common);
    this.#agents = new Map(
      agents.map((spec) => {
        const model = models[spec.name];
        if (model === undefined) throw new Error(`no model for ${spec.name}`);
        return [
          spec.name,
          new StandaloneAgent(spec, {
            ...common,
            model,
            account: { name: "anthropic", limits: {} },
            prompt: `Be a good ${spec.name}.`,
          }),
        ];
      }),
    );
  }

  /** The id of an accepted execution. */
  async start(body: object): Promise<string> {
    const response = await this.#app.request("/executions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as { executionId?: string };
    if (response.status !== 202 || answer.executionId === undefined) throw new Error(JSON.stringify(answer));
    return answer.executionId;
  }

  async view(id: string): Promise<ExecutionView> {
    return ExecutionView.parse(await (await this.#app.request(`/executions/${id}`)).json());
  }

  /** Delivers and sweeps until nothing is under way, or `stepsMax` deliveries were made. */
  async settle(stepsMax = 2_000): Promise<void> {
    for (let step = 0; step < stepsMax; step++) {
      this.#collect();
      const next = this.#pick();
      if (next !== undefined) {
        await this.#deliver(next);
        continue;
      }
      const times = [...this.#waiting.map(({ visibleAt }) => visibleAt), ...this.#checks()];
      if (times.length === 0) return;
      this.clock.advance(Math.max(1, Math.min(...times) - this.clock.now()));
      await sweep({ store: this.store, queues: this.queues, clock: this.clock, log: silentLog });
    }
    throw new Error(`not settled after ${stepsMax} deliveries`);
  }

  #checks(): number[] {
    return this.store.items().flatMap((item) => {
      const at = item["nextCheckAt"];
      return typeof at === "number" ? [at] : [];
    });
  }

  /** What was sent since the last look becomes messages of the queues. */
  #collect(): void {
    for (let sent = this.queues.take(); sent !== undefined; sent = this.queues.take()) {
      this.sentTo[sent.queue === "events" ? "events" : "agents"] += 1;
      this.#messages += 1;
      this.#waiting.push({
        sent,
        messageId: `m${this.#messages}`,
        receiveCount: 0,
        visibleAt: this.clock.now() + sent.delaySeconds * 1000,
      });
    }
  }

  #pick(): Waiting | undefined {
    const visible = this.#waiting.filter(({ visibleAt }) => visibleAt <= this.clock.now());
    return visible[Math.floor(this.#random.fraction() * visible.length)];
  }

  async #deliver(waiting: Waiting): Promise<void> {
    waiting.receiveCount += 1;
    const { sent, messageId, receiveCount } = waiting;
    const delivery: Delivery = {
      messageId,
      receiptHandle: messageId,
      body: JSON.stringify(sent.message),
      receiveCount,
    };
    const name = sent.queue === "events" ? "coordinator" : sent.queue;
    this.invocations[name] = (this.invocations[name] ?? 0) + 1;
    const verdict = await this.#handle(sent.queue, delivery);
    if (verdict === "done") this.#waiting = this.#waiting.filter((other) => other !== waiting);
    else waiting.visibleAt = this.clock.now() + verdict.returnAfterSeconds * 1000;
  }

  async #handle(queue: string, delivery: Delivery): Promise<Verdict> {
    if (queue === "events") return (await this.#reconcile([delivery])).get(delivery.messageId) ?? "done";
    const agent = this.#agents.get(queue);
    if (agent === undefined) throw new Error(`no agent ${queue}`);
    return agent.handle(delivery, { remainingMs: () => 900_000 });
  }
}
