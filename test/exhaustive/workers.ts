import type { Held } from "../../functions/shared/agent/claim.ts";
import type { Concluding } from "../../functions/shared/agent/conclude.ts";
import type { Ending } from "../../functions/shared/agent/ending.ts";
import { splitTaskId, type TaskNumber } from "../../functions/shared/contracts/ids.ts";
import type { TaskRecord } from "../../functions/shared/contracts/task-record.ts";
import { NO_USAGE } from "../../functions/shared/contracts/usage.ts";
import { ManualClock, MemoryQueues, MemoryStore, seededRandom, silentLog } from "../support/memory-ports.ts";
import { agentWriteLaws, staleOwnerLaws } from "./laws.ts";
import { agentsOf, START, TIMES } from "./scenario.ts";
import type { Tables } from "./tables.ts";
import { ABSENT, hasBit, recordOf, type World } from "./world.ts";

/**
 * Agents, as far as their record shows: whoever has a message may claim; who holds the claim may at
 * each step succeed, fail, suspend or obey a stop, or die, so that a successor takes over. Turns,
 * tools, workspace and purse are left out: they are behind the record's back.
 */
export class Workers {
  readonly #tables: Tables;
  readonly #written = new Map<string, number>();
  readonly #checked = new Set<number>();

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  async *next(world: World): AsyncGenerator<{ label: string; world: World }> {
    for (const [index, id] of world.records.entries()) {
      const n = index + 1;
      if (id === ABSENT) continue;
      await this.#checkStaleOwners(id);
      const { item } = this.#tables.records.valueOf(id);
      if (item.status !== "SCHEDULED" || !hasBit(world.sent, n)) continue;
      const { takeoversMax } = this.#tables.scenario;
      const takeovers = item.claim === undefined ? 0 : item.crashes + 1;
      const canClaim =
        takeovers <= Math.max(takeoversMax, 0) && (takeoversMax > 0 || item.claim === undefined);
      const claimed = canClaim ? await this.#write(id, "claim", (store) => this.#claim(store, item)) : id;
      if (takeoversMax > 0 && canClaim) {
        yield { label: `task ${n} is claimed${takeovers > 0 ? " anew" : ""}`, world: put(world, n, claimed) };
      }
      const held = takeoversMax > 0 ? id : claimed;
      const { item: record } = this.#tables.records.valueOf(held);
      if (record.status !== "SCHEDULED" || record.claim === undefined) continue;
      for (const ending of this.#endings(world, n, record)) {
        const ended = await this.#write(held, JSON.stringify(ending), (store) =>
          this.#conclude(store, record, ending),
        );
        yield { label: `task ${n}: ${labelOf(ending)}`, world: put(world, n, ended) };
      }
    }
  }

  *#endings(world: World, n: TaskNumber, record: TaskRecord): Generator<Ending> {
    yield { kind: "answered", text: answerOf(record) };
    yield { kind: "failed", failure: { name: "ModelUnavailable", message: "away" } };
    if (hasBit(world.stops, 0) || hasBit(world.stops, n)) {
      yield { kind: "failed", failure: { name: "Aborted", message: "stopped" } };
    }
    const calls = this.#tables.scenario.asks[record.agent]?.[record.suspension?.k ?? 0];
    if (calls !== undefined) yield { kind: "suspended", turn: 1, calls: [...calls], trail: [] };
  }

  async #write(id: number, what: string, perform: (store: MemoryStore) => Promise<unknown>): Promise<number> {
    const key = `${id}|${what}`;
    const known = this.#written.get(key);
    if (known !== undefined) return known;
    const { item } = this.#tables.records.valueOf(id);
    const store = new MemoryStore();
    store.force(item as never);
    await perform(store);
    const after = await store.get(item);
    if (after === undefined) throw new TypeError("a record is gone");
    agentWriteLaws(item, after as never);
    const next = this.#tables.keep(withPlainClaim(after as never), id);
    this.#written.set(key, next);
    return next;
  }

  /** The lease has always run out: when is a matter of clocks, and any moment is tried. */
  #claim(store: MemoryStore, { agent, taskId, epoch }: TaskRecord): Promise<unknown> {
    const ports = {
      ...this.#ports(store),
      random: { ...seededRandom(1), bytes: () => Uint8Array.of(epoch + 1) },
    };
    const delivery = { messageId: "m", receiptHandle: "r", body: "", receiveCount: 1 };
    return this.#tables.protocol.claimTask(ports, agent, taskId, delivery);
  }

  #conclude(store: MemoryStore, record: TaskRecord, ending: Ending, held = heldBy(record)): Promise<unknown> {
    const run: Concluding = {
      ports: this.#ports(store),
      held,
      permit: PURSE,
      receiveCount: 1,
      unsavedUsage: NO_USAGE,
      transcript: { saved: [] },
    };
    return this.#tables.protocol.conclude(run, ending);
  }

  /** P1, P7: whoever held the task before may wake up and write what it likes; nothing comes of it. */
  async #checkStaleOwners(id: number): Promise<void> {
    if (this.#checked.has(id)) return;
    this.#checked.add(id);
    const { item } = this.#tables.records.valueOf(id);
    for (let epoch = 2; epoch <= item.epoch; epoch++) {
      const owner = ownerName(item.agent, epoch);
      if (item.status === "SCHEDULED" && item.claim?.owner === owner) continue;
      const store = new MemoryStore();
      store.force(item as never);
      const held = { ...heldBy(item), epoch, owner };
      await this.#conclude(store, item, { kind: "answered", text: "too late" }, held);
      staleOwnerLaws(item, (await store.get(item)) as never);
    }
  }

  #ports(store: MemoryStore): Concluding["ports"] {
    return {
      store,
      queues: new MemoryQueues(),
      clock: new ManualClock(CLAIM_TIME),
      random: seededRandom(1),
      log: silentLog,
      times: TIMES,
      agents: agentsOf(this.#tables.scenario),
      account: { name: "anthropic", limits: {} },
      prompt: "",
      // An answer is short and no model is asked.
      blobs: undefined as never,
      model: undefined as never,
    };
  }
}

const CLAIM_TIME = START + 1_000_000;

/** Budgets are the simulator's subject: here the purse is never in the way. */
const PURSE = { fence: async () => true, settle: async () => {} } as unknown as Concluding["permit"];

const heldBy = (record: TaskRecord): Held => ({
  task: { record, turnItems: [], callItems: [] },
  epoch: record.epoch,
  owner: record.status === "SCHEDULED" ? (record.claim?.owner ?? "") : "",
  leaseUntil: 0,
  isTakeover: false,
  isCrashLoop: false,
});

const ownerName = (agent: string, epoch: number): string =>
  `${agent}-${Buffer.from([epoch]).toString("hex")}`;

/** Every lease ran out long ago. */
const withPlainClaim = <Item extends { claim?: { leaseUntil: number } }>(item: Item): Item =>
  item.claim === undefined ? item : { ...item, claim: { ...item.claim, leaseUntil: START } };

export const answerOf = ({ taskId }: Pick<TaskRecord, "taskId">): string =>
  `answer of ${splitTaskId(taskId).n}`;

const put = (world: World, n: TaskNumber, id: number): World => {
  if (recordOf(world, n) === id) return world;
  const records = [...world.records];
  records[n - 1] = id;
  return { ...world, records };
};

const labelOf = (ending: Ending): string =>
  ending.kind === "failed" ? `failed of ${ending.failure.name}` : ending.kind;
