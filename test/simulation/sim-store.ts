import { evaluateChange } from "../../functions/shared/adapters/evaluate-change.ts";
import type { Item } from "../../functions/shared/contracts/item.ts";
import { type ItemKey, openShard } from "../../functions/shared/contracts/resources.ts";
import type { Change, Page, Store, Written } from "../../functions/shared/ports/store.ts";
import type { Chance } from "./chance.ts";
import type { FaultBook } from "./fault-book.ts";
import type { PortCalls } from "./port-calls.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimProcess } from "./sim-process.ts";
import type { Watch } from "./watch.ts";
import type { Weather } from "./weather.ts";

/** An item as the index sees it from a moment on. */
interface IndexEntry {
  readonly visibleAt: number;
  readonly openPk: string | undefined;
  readonly nextCheckAt: number | undefined;
}

/** What damage from outside the protocol does to a change before it is applied; throws what the store answers. */
export type Damage = (process: SimProcess, key: ItemKey) => void;

/**
 * One table. Items are values that nobody changes, so nothing is copied: an update makes new maps
 * along its paths. The index follows its items after a while of its own.
 */
export class SimStore {
  readonly #partitions = new Map<string, Map<string, Item>>();
  readonly #index = new Map<string, IndexEntry[]>();
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  readonly #weather: Weather;
  readonly #faults: FaultBook;
  readonly #calls: PortCalls;
  readonly #watch: Required<Watch>;
  damage: Damage = () => {};

  constructor(options: {
    scheduler: Scheduler;
    chance: Chance;
    weather: Weather;
    faults: FaultBook;
    calls: PortCalls;
    watch: Required<Watch>;
  }) {
    this.#scheduler = options.scheduler;
    this.#chance = options.chance;
    this.#weather = options.weather;
    this.#faults = options.faults;
    this.#calls = options.calls;
    this.#watch = options.watch;
  }

  /** The store as one process reaches it. */
  portOf(process: SimProcess): Store {
    const call = <T>(
      kind: string,
      key: ItemKey,
      effect: () => T,
      more: { isRead?: boolean; whenRetried?: (result: T) => T } = {},
    ): Promise<T> =>
      this.#calls.call(process, {
        service: "store",
        place: `${kind} ${kindOf(key)}`,
        subject: key.pk,
        latencyMs: this.#latency(process),
        effect: () => {
          this.#watch.reached(process, key, kind);
          return effect();
        },
        ...more,
      });
    const read = (key: ItemKey): Item | undefined => {
      const item = this.peek(key);
      this.#watch.read(process, key, item, this.#scheduler.now);
      return item;
    };
    const whenRetried = (written: Written): Written => (written === "applied" ? "refused" : written);
    return {
      get: (key) => call("get", key, () => read(key), { isRead: true }),
      getMany: (keys) => {
        const [first = { pk: "", sk: "" }] = keys;
        return call(
          "getMany",
          first,
          () => {
            for (const key of keys) this.#watch.reached(process, key, "get");
            return keys.map(read);
          },
          { isRead: true },
        );
      },
      list: (pk, prefix = "") =>
        call(
          "list",
          { pk, sk: prefix },
          () => {
            const items = this.partition(pk).filter((item) => item.sk.startsWith(prefix));
            for (const item of items) this.#watch.read(process, item, item, this.#scheduler.now);
            return items;
          },
          { isRead: true },
        ),
      create: (item) => call("create", item, () => this.#create(process, item), { whenRetried }),
      update: (key, change) => call("update", key, () => this.#update(process, key, change), { whenRetried }),
      due: async (shard, now, limit) => {
        const key = { pk: shard, sk: "" };
        if (this.#isShardUsed(shard)) {
          return await call("due", key, () => this.#due(shard, now, limit), { isRead: true });
        }
        // Most of the sixteen are empty, and there is nothing to be learned from asking them.
        this.#watch.reached(process, key, "due");
        return [];
      },
      newest: async (): Promise<Page> => ({ items: [] }),
    };
  }

  peek(key: ItemKey): Item | undefined {
    return this.#partitions.get(key.pk)?.get(key.sk);
  }

  /** By sort key; ours are ASCII, whose order is that of their bytes. */
  partition(pk: string): Item[] {
    const items = [...(this.#partitions.get(pk)?.values() ?? [])];
    return items.sort((a, b) => (a.sk < b.sk ? -1 : 1));
  }

  partitions(): string[] {
    return [...this.#partitions.keys()];
  }

  /** Whether a sweep would find anything. */
  isAnythingDue(now: number): boolean {
    for (const pk of this.#index.keys()) {
      const { openPk, nextCheckAt } = this.#seenByIndex(pk);
      if (openPk !== undefined && nextCheckAt !== undefined && nextCheckAt <= now) return true;
    }
    return false;
  }

  /** Whether any execution still is to be looked at. */
  isAnythingOpen(): boolean {
    for (const pk of this.#index.keys()) {
      const item = this.peek({ pk, sk: "STATE" });
      if (item?.["openPk"] !== undefined && item["nextCheckAt"] !== undefined) return true;
    }
    return false;
  }

  /** Writes behind the protocol's back: damage that no process did. */
  force(item: Item): void {
    this.#put(item);
  }

  #create(process: SimProcess, item: Item): Written {
    this.damage(process, item);
    if (this.peek(item) !== undefined) {
      this.#watch.refused(process, item, undefined);
      return "refused";
    }
    this.#put(item);
    this.#watch.wrote({
      process,
      key: item,
      before: undefined,
      after: item,
      change: undefined,
      now: this.#scheduler.now,
    });
    return "applied";
  }

  #update(process: SimProcess, key: ItemKey, change: Change): Written {
    this.damage(process, key);
    const before = this.peek(key);
    const after = evaluateChange(before, change);
    if (after === undefined) {
      this.#watch.refused(process, key, change);
      return "refused";
    }
    this.#put(after);
    this.#watch.wrote({ process, key, before, after, change, now: this.#scheduler.now });
    return "applied";
  }

  #put(item: Item): void {
    const partition = this.#partitions.get(item.pk) ?? new Map<string, Item>();
    this.#partitions.set(item.pk, partition);
    partition.set(item.sk, item);
    if (item.sk === "STATE") this.#follow(item);
  }

  #follow(item: Item): void {
    const entries = this.#index.get(item.pk) ?? [];
    this.#index.set(item.pk, entries);
    const lag = this.#faults.isOver ? 0 : this.#chance.skewed(0, this.#weather.indexLagMsMax);
    entries.push({
      visibleAt: Math.max(entries.at(-1)?.visibleAt ?? 0, this.#scheduler.now + lag),
      openPk: item["openPk"] as string | undefined,
      nextCheckAt: item["nextCheckAt"] as number | undefined,
    });
  }

  #seenByIndex(pk: string): IndexEntry {
    const entries = this.#index.get(pk) ?? [];
    while ((entries[1]?.visibleAt ?? Number.POSITIVE_INFINITY) <= this.#scheduler.now) entries.shift();
    const [first] = entries;
    return first === undefined || first.visibleAt > this.#scheduler.now ? NOTHING_SEEN : first;
  }

  #isShardUsed(shard: string): boolean {
    for (const pk of this.#index.keys()) {
      if (openShard(pk.slice("EXE#".length)) === shard) return true;
    }
    return false;
  }

  #due(shard: string, now: number, limit: number): Item[] {
    return [...this.#index.keys()]
      .map((pk) => ({ pk, sk: "STATE", ...this.#seenByIndex(pk) }))
      .filter(({ openPk, nextCheckAt = Number.POSITIVE_INFINITY }) => openPk === shard && nextCheckAt <= now)
      .sort((a, b) => Number(a.nextCheckAt) - Number(b.nextCheckAt))
      .slice(0, limit)
      .map(({ pk, sk, openPk, nextCheckAt }) => ({ pk, sk, openPk, nextCheckAt }));
  }

  #latency(process: SimProcess): number {
    if (!this.#faults.isOver && this.#chance.hit(this.#weather.slow)) {
      process.isClean = false;
      this.#faults.note("store: slow");
      return this.#chance.int(100, 6_000);
    }
    return this.#chance.int(1, 12);
  }
}

const NOTHING_SEEN: IndexEntry = { visibleAt: 0, openPk: undefined, nextCheckAt: undefined };

/** `TASK`, `TURN`, `CALL`, `STATE`, `HIST`, `PERMIT`; `FILE` for whatever the workspace is made of. */
export const kindOf = ({ pk, sk }: ItemKey): string => {
  if (pk.startsWith("FILES#")) return "FILE";
  const kind = sk.split("#")[0];
  return kind === undefined || kind === "" ? (pk.split("#")[0] ?? "") : kind;
};
