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
import { Processes } from "./processes.ts";
import { requestApi } from "./sim-api.ts";
import type { SimBlobs } from "./sim-blobs.ts";
import type { SimModel } from "./sim-model.ts";
import type { SimProcess } from "./sim-process.ts";
import { EVENTS } from "./sim-queues.ts";
import { SimTools } from "./sim-tools.ts";
import { ACCOUNT, MANIFEST, specFor } from "./team.ts";
import type { Trace } from "./trace.ts";

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
};

const API_TIMEOUT_MS = 29_000;
const SWEEPER_TIMEOUT_MS = 30_000;

/**
 * What AWS does around the functions: polls queues, starts a process for each batch and kills it when
 * its time is over, deletes what was handled, lets the sweeper run. The handlers are those that are
 * deployed; only the ports below them are simulated.
 */
export class Platform {
  readonly #parts: PlatformParts;
  readonly #settings: PlatformSettings;
  readonly #processes: Processes;
  readonly #tools: SimTools;
  readonly #running = new Map<string, number>();
  #release: 1 | 2 = 1;

  constructor(parts: PlatformParts, settings: PlatformSettings) {
    this.#parts = parts;
    this.#settings = settings;
    this.#processes = new Processes(parts, settings.skewMsMax);
    this.#tools = new SimTools(parts);
    parts.queues.onVisible = (queue) => this.#poll(queue);
    if (settings.hasSweeper) this.#scheduleSweep();
  }

  get isIdle(): boolean {
    return this.#processes.areDone;
  }

  get invocations(): number {
    return this.#processes.started;
  }

  /** New processes run the other release from now on; those that run go on with theirs. */
  deploy(): void {
    this.#release = this.#release === 1 ? 2 : 1;
    this.#parts.faults.note("deploy");
    this.#parts.trace.note(this.#parts.scheduler.now, "world", `deploys release ${this.#release}`);
  }

  /** One HTTP request; `undefined` when the function died, as a gateway would answer 502. */
  request(path: string, init: RequestInit): Promise<{ status: number; body: unknown } | undefined> {
    return new Promise((resolve, reject) => {
      const process = this.#processes.start("api", API_TIMEOUT_MS, () => resolve(undefined));
      requestApi(this.#parts, process, path, init)
        .then(async (response) => ({ status: response.status, body: await response.json() }))
        .then((answer) => {
          resolve(answer);
          this.#processes.end(process);
        })
        .catch(reject);
    });
  }

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
    const process = this.#processes.start(isEvents ? "coordinator" : { agent: queue }, timeoutMs, () => {
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
      this.#processes.end(process);
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
        bench: this.#tools.benchOf(process),
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

  #scheduleSweep(): void {
    const { scheduler, store, times } = this.#parts;
    scheduler.after(times.sweepMs, () => {
      this.#scheduleSweep();
      // A sweep that finds nothing does nothing; in simulated days there are many.
      if (store.isAnythingDue(scheduler.now + this.#settings.skewMsMax)) this.#sweep();
    });
  }

  #sweep(): void {
    const process = this.#processes.start("sweeper", SWEEPER_TIMEOUT_MS, () => {});
    const end = (): void => this.#processes.end(process);
    sweep(functionPorts(this.#parts, process)).then(end, end);
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
