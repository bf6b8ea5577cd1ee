import type { SQSEvent } from "aws-lambda";
// Imported dynamically where it is needed: loading takes real time, which no world has.
import "../../functions/shared/agent/account-minute.ts";
import { createReconciler } from "../../functions/coordinator/reconcile.ts";
import type { AgentSpec } from "../../functions/shared/agent/agent-spec.ts";
import { StandaloneAgent } from "../../functions/shared/agent/standalone-agent.ts";
import type { AccountLimits } from "../../functions/shared/contracts/provider-account.ts";
import { type HandleDeliveries, handleBatch, oneByOne } from "../../functions/shared/entry/sqs-batch.ts";
import type { Delivery, Verdict } from "../../functions/shared/ports/queues.ts";
import { sweep } from "../../functions/sweeper/sweep.ts";
import type { Faults } from "./faults.ts";
import { functionPorts, type WorldParts } from "./function-ports.ts";
import { requestApi } from "./sim-api.ts";
import type { SimBlobs } from "./sim-blobs.ts";
import type { SimModel } from "./sim-model.ts";
import { type Role, SimProcess } from "./sim-process.ts";
import { EVENTS } from "./sim-queues.ts";
import { ACCOUNT, MANIFEST, specFor, type ToolBench } from "./team.ts";
import type { Trace } from "./trace.ts";
import type { Weather } from "./weather.ts";

export interface PlatformSettings {
  readonly agentTimeoutMs: number;
  readonly coordinatorTimeoutMs: number;
  /** Functions of one kind that run at once. */
  readonly concurrency: number;
  /** Of each process, drawn up to here in both directions. */
  readonly skewMsMax: number;
  readonly hasSweeper: boolean;
  readonly hasPeople: boolean;
  readonly agentLimits: Readonly<Record<string, AgentSpec["limits"]>>;
  readonly accountLimits: AccountLimits;
}

export type PlatformParts = WorldParts & {
  readonly blobs: SimBlobs;
  readonly model: SimModel;
  readonly faults: Faults;
  readonly trace: Trace;
  readonly weather: Weather;
};

const API_TIMEOUT_MS = 29_000;
const SWEEPER_TIMEOUT_MS = 30_000;
const JUMP_MS = 3_600_000;

/**
 * What AWS does around the functions: polls queues, starts a process for each batch and kills it when
 * its time is over, deletes what was handled, lets the sweeper run. The handlers are those that are
 * deployed; only the ports below them are simulated.
 */
export class Platform {
  readonly #parts: PlatformParts;
  readonly #settings: PlatformSettings;
  readonly #running = new Map<string, number>();
  readonly #alive = new Set<SimProcess>();
  /** Tool calls that have had their effect. */
  readonly #effects = new Set<string>();
  #processes = 0;
  #release: 1 | 2 = 1;
  invocations = 0;

  constructor(parts: PlatformParts, settings: PlatformSettings) {
    this.#parts = parts;
    this.#settings = settings;
    parts.queues.onVisible = (queue) => this.#poll(queue);
    parts.calls.onDeath = (process) => this.#bury(process);
    if (settings.hasSweeper) this.#scheduleSweep();
  }

  get isIdle(): boolean {
    return this.#alive.size === 0;
  }

  /** New processes run the other release from now on; those that run go on with theirs. */
  deploy(): void {
    this.#release = this.#release === 1 ? 2 : 1;
    this.#parts.faults.note("deploy");
    this.#parts.trace.note(this.#parts.scheduler.now, "world", `deploys release ${this.#release}`);
  }

  /** One HTTP request; `undefined` when the function died, as a gateway would answer 502. */
  request(path: string, init: RequestInit): Promise<{ status: number; body: unknown } | undefined> {
    const process = this.#start("api", API_TIMEOUT_MS);
    return new Promise((resolve, reject) => {
      this.#onEnd.set(process, () => resolve(undefined));
      requestApi(this.#parts, process, path, init)
        .then(async (response) => ({ status: response.status, body: await response.json() }))
        .then((answer) => {
          resolve(answer);
          this.#end(process);
        })
        .catch(reject);
    });
  }

  readonly #onEnd = new Map<SimProcess, () => void>();

  #poll(queue: string): void {
    const running = this.#running.get(queue) ?? 0;
    if (running >= this.#settings.concurrency) return;
    const deliveries = this.#parts.queues.receive(queue);
    if (deliveries.length === 0) return;
    this.#running.set(queue, running + 1);
    this.#invoke(queue, deliveries);
    // There may be more.
    this.#parts.scheduler.after(1, () => this.#poll(queue));
  }

  #invoke(queue: string, deliveries: readonly Delivery[]): void {
    const isEvents = queue === EVENTS;
    const { agentTimeoutMs, coordinatorTimeoutMs } = this.#settings;
    const timeoutMs = isEvents ? coordinatorTimeoutMs : agentTimeoutMs;
    const process = this.#start(isEvents ? "coordinator" : { agent: queue }, timeoutMs);
    this.#onEnd.set(process, () => {
      this.#running.set(queue, (this.#running.get(queue) ?? 1) - 1);
      this.#poll(queue);
    });
    const { watch, queues, trace, scheduler } = this.#parts;
    for (const delivery of deliveries) {
      trace.note(scheduler.now, process.id, `is given ${delivery.messageId} (${delivery.receiveCount})`);
      watch.delivered(process, queue, delivery);
    }
    const ports = functionPorts(this.#parts, process);
    const verdicts = new Map<string, Verdict>();
    const handle: HandleDeliveries = async (given) => {
      const judged = await this.#handlerOf(process, queue, ports, timeoutMs)(given);
      for (const [id, verdict] of judged) verdicts.set(id, verdict);
      return judged;
    };
    void handleBatch(eventOf(deliveries), ports, handle).then(({ batchItemFailures }) => {
      if (process.isDead) return;
      const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      for (const delivery of deliveries) {
        const verdict = verdicts.get(delivery.messageId);
        trace.note(scheduler.now, process.id, `${delivery.messageId}: ${JSON.stringify(verdict)}`);
        watch.judged(process, queue, delivery, verdict);
        if (!failed.has(delivery.messageId)) queues.remove(queue, delivery);
      }
      this.#end(process);
    });
  }

  #handlerOf(
    process: SimProcess,
    queue: string,
    ports: ReturnType<typeof functionPorts>,
    timeoutMs: number,
  ): HandleDeliveries {
    if (queue === EVENTS) {
      const reconcile = createReconciler({ ...ports, agents: MANIFEST });
      return (deliveries) => reconcile(deliveries);
    }
    const { scheduler, blobs, model } = this.#parts;
    const spec = {
      ...specFor(queue, this.#release, {
        bench: this.#benchOf(process),
        hasPeople: this.#settings.hasPeople,
      }),
      limits: this.#settings.agentLimits[queue] ?? {},
    };
    const prompt = `Prompt of release ${this.#release}.`;
    const remainingMs = (): number => process.startedAt + timeoutMs - scheduler.now;
    return oneByOne((delivery) => {
      const agentPorts = {
        ...ports,
        agents: MANIFEST,
        blobs: blobs.portOf(process),
        account: { name: ACCOUNT, limits: this.#settings.accountLimits },
        model: model.portOf(process, taskIdIn(delivery.body)),
        prompt,
      };
      return new StandaloneAgent(spec, agentPorts).handle(delivery, { remainingMs });
    }, ports.log);
  }

  #benchOf(process: SimProcess): ToolBench {
    const { calls, chance, watch } = this.#parts;
    return {
      run: (tool, callId) =>
        calls.call(process, {
          service: "tool",
          place: `run ${tool.name}`,
          subject: callId,
          latencyMs: chance.skewed(1, 5_000),
          effect: () => {
            watch.ranTool({ process, tool: tool.name, effect: tool.effect, callId });
            this.#effects.add(callId);
            return `done ${callId}`;
          },
        }),
      reconcile: (tool, callId) =>
        calls.call(process, {
          service: "tool",
          place: `reconcile ${tool.name}`,
          subject: callId,
          latencyMs: chance.skewed(1, 1_000),
          isRead: true,
          effect: () => (this.#effects.has(callId) ? `done ${callId}` : undefined),
        }),
    };
  }

  #scheduleSweep(): void {
    const { scheduler, store, times } = this.#parts;
    scheduler.after(times.sweepMs, () => {
      this.#scheduleSweep();
      // A sweep that finds nothing does nothing; in simulated days there are many.
      if (store.isAnythingDue(scheduler.now + this.#settings.skewMsMax)) this.#sweep();
    });
  }

  #sweep(): void {
    const process = this.#start("sweeper", SWEEPER_TIMEOUT_MS);
    this.#onEnd.set(process, () => {});
    sweep(functionPorts(this.#parts, process)).then(
      () => this.#end(process),
      () => this.#end(process),
    );
  }

  #start(role: Role, timeoutMs: number): SimProcess {
    const { scheduler, chance, faults, weather, calls } = this.#parts;
    const { skewMsMax } = this.#settings;
    const skewMs = skewMsMax === 0 ? 0 : chance.int(-skewMsMax, skewMsMax);
    const isOff = !faults.isOver && chance.hit(weather.clockJump);
    const process = new SimProcess(
      `${typeof role === "string" ? role : role.agent}-${++this.#processes}`,
      role,
      scheduler.now,
      isOff ? skewMs + this.#jump() : skewMs,
    );
    if (isOff) process.isClean = false;
    this.invocations += 1;
    this.#alive.add(process);
    this.#parts.trace.note(scheduler.now, process.id, `starts, clock off by ${process.skewMs} ms`);
    scheduler.after(timeoutMs, () => {
      if (process.isDead || process.hasEnded) return;
      faults.note("function timeout");
      calls.kill(process, "out of time");
    });
    return process;
  }

  #jump(): number {
    this.#parts.faults.note("clock jump");
    return this.#parts.chance.hit(0.5) ? JUMP_MS : -JUMP_MS;
  }

  #end(process: SimProcess): void {
    if (process.isDead || process.hasEnded) return;
    process.hasEnded = true;
    this.#parts.trace.note(this.#parts.scheduler.now, process.id, "ends");
    this.#parts.watch.ended(process);
    this.#bury(process);
  }

  #bury(process: SimProcess): void {
    this.#alive.delete(process);
    const onEnd = this.#onEnd.get(process);
    this.#onEnd.delete(process);
    onEnd?.();
  }
}

const taskIdIn = (body: string): string => /"taskId":"([^"]+)"/.exec(body)?.[1] ?? "";

const eventOf = (deliveries: readonly Delivery[]): SQSEvent =>
  ({
    Records: deliveries.map(({ messageId, receiptHandle, body, receiveCount }) => ({
      messageId,
      receiptHandle,
      body,
      attributes: { ApproximateReceiveCount: String(receiveCount) },
    })),
  }) as unknown as SQSEvent;
