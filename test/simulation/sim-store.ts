import { evaluateChange } from "../../functions/shared/adapters/evaluate-change.ts";
import type { Item } from "../../functions/shared/contracts/item.ts";
import type { ItemKey } from "../../functions/shared/contracts/resources.ts";
import type { Change, Page, Store, Written } from "../../functions/shared/ports/store.ts";
import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import { LaggingIndex } from "./lagging-index.ts";
import type { PortCalls } from "./port-calls.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimProcess } from "./sim-process.ts";
import type { Watch } from "./watch.ts";
import type { Weather } from "./weather.ts";

/** What damage from outside the protocol does to a change before it is applied; throws what the store answers. */
export type Damage = (process: SimProcess, key: ItemKey) => void;

export interface StoreParts {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly weather: Weather;
  readonly faults: Faults;
  readonly calls: PortCalls;
  readonly watch: Required<Watch>;
}

/**
 * One table. Items are values that nobody changes, so nothing is copied: an update makes new maps
 * along its paths. The index follows its items after a while of its own.
 */
export class SimStore {
  readonly #parts: StoreParts;
  readonly #index: LaggingIndex;
  readonly #partitions = new Map<string, Map<string, Item>>();
  damage: Damage = () => {};

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#index = new LaggingIndex(parts);
  }

  /** The store as one process reaches it. */
  portOf(process: SimProcess): Store {
    const { calls, watch, scheduler } = this.#parts;
    const call = <T>(
      kind: string,
      key: ItemKey,
      effect: () => T,
      more: { isRead?: boolean; whenRetried?: (result: T) => T } = {},
    ): Promise<T> =>
      calls.call(process, {
        service: "store",
        place: `${kind} ${kindOf(key)}`,
        subject: key.pk,
        latencyMs: this.#latency(process),
        effect: () => {
          watch.reached(process, key, kind);
          return effect();
        },
        ...more,
      });
    const read = (key: ItemKey): Item | undefined => {
      const item = this.peek(key);
      watch.read(process, key, item, scheduler.now);
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
            for (const key of keys) watch.reached(process, key, "get");
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
            for (const item of items) watch.read(process, item, item, scheduler.now);
            return items;
          },
          { isRead: true },
        ),
      create: (item) => call("create", item, () => this.#create(process, item), { whenRetried }),
      update: (key, change) => call("update", key, () => this.#update(process, key, change), { whenRetried }),
      due: async (shard, now, limit) => {
        const key = { pk: shard, sk: "" };
        if (this.#index.isUsed(shard)) {
          return await call("due", key, () => this.#index.due(shard, now, limit), { isRead: true });
        }
        // Most of the sixteen are empty, and there is nothing to be learned from asking them.
        watch.reached(process, key, "due");
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
    return this.#index.isAnythingDue(now);
  }

  /** Whether any execution still is to be looked at. */
  isAnythingOpen(): boolean {
    for (const pk of this.#index.partitions()) {
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
    const { watch, scheduler } = this.#parts;
    this.damage(process, item);
    if (this.peek(item) !== undefined) {
      watch.refused(process, item, undefined);
      return "refused";
    }
    this.#put(item);
    const now = scheduler.now;
    watch.wrote({ process, key: item, before: undefined, after: item, change: undefined, now });
    return "applied";
  }

  #update(process: SimProcess, key: ItemKey, change: Change): Written {
    const { watch, scheduler } = this.#parts;
    this.damage(process, key);
    const before = this.peek(key);
    const after = evaluateChange(before, change);
    if (after === undefined) {
      watch.refused(process, key, change);
      return "refused";
    }
    this.#put(after);
    watch.wrote({ process, key, before, after, change, now: scheduler.now });
    return "applied";
  }

  #put(item: Item): void {
    const partition = this.#partitions.get(item.pk) ?? new Map<string, Item>();
    this.#partitions.set(item.pk, partition);
    partition.set(item.sk, item);
    if (item.sk === "STATE") this.#index.follow(item);
  }

  #latency(process: SimProcess): number {
    const { chance, faults } = this.#parts;
    if (!faults.strikes("slow", "store: slow")) return chance.int(1, 12);
    process.isClean = false;
    return chance.int(100, 6_000);
  }
}

/** `TASK`, `TURN`, `CALL`, `STATE`, `HIST`, `PERMIT`; `FILE` for whatever the workspace is made of. */
const kindOf = ({ pk, sk }: ItemKey): string => {
  if (pk.startsWith("FILES#")) return "FILE";
  const kind = sk.split("#")[0];
  return kind === undefined || kind === "" ? (pk.split("#")[0] ?? "") : kind;
};
