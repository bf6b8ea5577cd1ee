import { createReconciler } from "../../../functions/coordinator/reconcile.ts";
import { initialState } from "../../../functions/shared/contracts/execution-state.ts";
import type { HandoffCall } from "../../../functions/shared/contracts/handoff.ts";
import type { HistoryEvent } from "../../../functions/shared/contracts/history-event.ts";
import { taskIdOf } from "../../../functions/shared/contracts/ids.ts";
import type { Item } from "../../../functions/shared/contracts/item.ts";
import {
  DEFAULT_EXECUTION_LIMITS,
  type ExecutionLimits,
} from "../../../functions/shared/contracts/limits.ts";
import type { LogFields } from "../../../functions/shared/contracts/log-fields.ts";
import type { Hint } from "../../../functions/shared/contracts/messages.ts";
import { newPermit } from "../../../functions/shared/contracts/permit.ts";
import { AWS_TIMES } from "../../../functions/shared/contracts/protocol-times.ts";
import {
  HISTORY_PREFIX,
  permitKey,
  stateKey,
  taskKey,
} from "../../../functions/shared/contracts/resources.ts";
import {
  decodeState,
  newStateItem,
  type StoredExecution,
} from "../../../functions/shared/contracts/stored-execution.ts";
import { TaskRecord } from "../../../functions/shared/contracts/task-record.ts";
import type { CoordinatorPorts } from "../../../functions/shared/ports/coordinator-ports.ts";
import type { Verdict } from "../../../functions/shared/ports/queues.ts";
import type { Store } from "../../../functions/shared/ports/store.ts";
import { AGENTS, EXECUTION_ID, START } from "../../support/given.ts";
import { MemoryQueues, MemoryStore, seededRandom } from "../../support/memory-ports.ts";

/** The coordinator on ports in memory, with an API and agents that write records as the contract says. */
export class Rig {
  readonly store = new MemoryStore();
  readonly queues = new MemoryQueues();
  readonly lines: { message: string; fields: LogFields | undefined }[] = [];
  now = START;
  #messages = 0;

  /** The coordinator's ports; `changed` puts something else in a port's place. */
  ports(changed: Partial<CoordinatorPorts> = {}): CoordinatorPorts {
    const line = (message: string, fields?: LogFields): void => {
      this.lines.push({ message, fields });
    };
    return {
      store: this.store,
      queues: this.queues,
      clock: { now: () => this.now, sleep: async () => {} },
      random: seededRandom(7),
      log: { info: line, warn: line, error: line },
      agents: AGENTS,
      times: AWS_TIMES,
      ...changed,
    };
  }

  /** P2: PERMIT, then STATE. */
  async accept(limits: Partial<ExecutionLimits> = {}, input = "write a rate limiter"): Promise<void> {
    const state = initialState({
      executionId: EXECUTION_ID,
      tenant: "default",
      createdAt: this.now,
      expiresAt: this.now / 1000 + 1_000_000,
      agent: "coder",
      input: { inline: input },
      limits: { ...DEFAULT_EXECUTION_LIMITS, ...limits },
    });
    await this.store.create(newPermitItem(state.limits, state.expiresAt));
    await this.store.create(newStateItem(state, this.now));
  }

  /** One message to the coordinator; `bodies` are sent in one batch. */
  async deliver(bodies: readonly unknown[], changed: Partial<CoordinatorPorts> = {}): Promise<Verdict[]> {
    const deliveries = bodies.map((body) => ({
      messageId: `m-${++this.#messages}`,
      receiptHandle: `r-${this.#messages}`,
      body: typeof body === "string" ? body : JSON.stringify(body),
      receiveCount: 1,
    }));
    const verdicts = await createReconciler(this.ports(changed))(deliveries);
    return deliveries.map(({ messageId }) => verdicts.get(messageId) as Verdict);
  }

  async look(task?: number, changed: Partial<CoordinatorPorts> = {}): Promise<Verdict | undefined> {
    const agent = task === undefined ? undefined : (await this.stored()).state.tasks[task - 1]?.agent;
    return (await this.deliver([hint(task, agent)], changed))[0];
  }

  async stored(): Promise<StoredExecution> {
    const decoded = decodeState((await this.stateItem()) as Item);
    if (!decoded.ok) throw new Error(decoded.reason);
    return decoded.stored;
  }

  async stateItem(): Promise<Item | undefined> {
    return this.store.items().find(({ pk, sk }) => pk === stateKey(EXECUTION_ID).pk && sk === "STATE");
  }

  permitItem(): Item | undefined {
    return this.store.items().find(({ pk }) => pk === permitKey(EXECUTION_ID).pk);
  }

  record(agent: string, task: number): TaskRecord {
    const { pk } = taskKey(agent, taskIdOf(EXECUTION_ID, task));
    return TaskRecord.parse(this.store.items().find((item) => item.pk === pk && item.sk === "TASK"));
  }

  /** All events, HISTORY items first. */
  async history(): Promise<HistoryEvent[]> {
    const moved = await this.store.list(stateKey(EXECUTION_ID).pk, HISTORY_PREFIX);
    const events = moved.flatMap((item) => JSON.parse(String(item["events"])) as HistoryEvent[]);
    return [...events, ...(await this.stored()).events];
  }

  // What agents do, as far as the coordinator can see it.

  succeed(agent: string, task: number, text: string): Promise<void> {
    return this.#report(agent, task, { status: "SUCCEEDED", answer: { text } });
  }

  fail(agent: string, task: number, name: string): Promise<void> {
    return this.#report(agent, task, { status: "FAILED", failure: { name, message: `${name} happened` } });
  }

  suspend(agent: string, task: number, calls: readonly HandoffCall[], k = 1): Promise<void> {
    const named = calls.map((call, index) => ({ ...call, callId: `call-${task}-${k}-${index}` }));
    return this.#report(agent, task, {
      status: "SUSPENDED",
      suspension: { k, turn: k, calls: named, trail: [`asked of ${agent}`] },
    });
  }

  async #report(agent: string, task: number, outcome: Record<string, unknown>): Promise<void> {
    const record = this.record(agent, task);
    if (record.status !== "SCHEDULED") throw new Error(`task ${task} is ${record.status}`);
    const { claim: _claim, ...rest } = record;
    this.store.force({
      ...taskKey(agent, record.taskId),
      ...rest,
      turns: record.turns + 1,
      version: record.version + 1,
      ...outcome,
    });
  }
}

export const hint = (task?: number, agent?: string): Hint => ({
  v: 1,
  kind: "look",
  executionId: EXECUTION_ID,
  ...(task === undefined ? {} : { task }),
  ...(agent === undefined ? {} : { agent }),
});

const newPermitItem = (limits: ExecutionLimits, expiresAt: number): Item => ({
  ...permitKey(EXECUTION_ID),
  ...newPermit("default", limits, expiresAt),
});

/** A store of which every request first passes `before`; what that throws, the caller gets. */
export const intercepted = (
  store: Store,
  before: (kind: keyof Store, key: string) => void | Promise<void>,
): Store => ({
  get: async (key) => {
    await before("get", key.sk);
    return store.get(key);
  },
  getMany: async (keys) => {
    await before("getMany", keys[0]?.sk ?? "");
    return store.getMany(keys);
  },
  list: async (pk, prefix) => {
    await before("list", pk);
    return store.list(pk, prefix);
  },
  create: async (item) => {
    await before("create", item.sk);
    return store.create(item);
  },
  update: async (key, change) => {
    await before("update", key.sk);
    return store.update(key, change);
  },
  due: (shard, now, limit) => store.due(shard, now, limit),
  newest: (listPk, options) => store.newest(listPk, options),
});
