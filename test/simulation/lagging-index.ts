import type { Item } from "../../functions/shared/contracts/item.ts";
import { openShard } from "../../functions/shared/contracts/resources.ts";
import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Weather } from "./weather.ts";

/** An execution as the index sees it from a moment on. */
interface Entry {
  readonly visibleAt: number;
  readonly openPk: string | undefined;
  readonly nextCheckAt: number | undefined;
}

/** The index over open executions: it follows their STATE items after a while of its own, in their order. */
export class LaggingIndex {
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  readonly #faults: Faults;
  readonly #lagMsMax: number;
  readonly #entries = new Map<string, Entry[]>();

  constructor(parts: { scheduler: Scheduler; chance: Chance; faults: Faults; weather: Weather }) {
    this.#scheduler = parts.scheduler;
    this.#chance = parts.chance;
    this.#faults = parts.faults;
    this.#lagMsMax = parts.weather.indexLagMsMax;
  }

  /** Of every execution that it was ever told of. */
  partitions(): Iterable<string> {
    return this.#entries.keys();
  }

  follow(state: Item): void {
    const entries = this.#entries.get(state.pk) ?? [];
    this.#entries.set(state.pk, entries);
    const lagMs = this.#faults.isOver ? 0 : this.#chance.skewed(0, this.#lagMsMax);
    entries.push({
      visibleAt: Math.max(entries.at(-1)?.visibleAt ?? 0, this.#scheduler.now + lagMs),
      openPk: state["openPk"] as string | undefined,
      nextCheckAt: state["nextCheckAt"] as number | undefined,
    });
  }

  /** Whether an execution of this shard was ever followed. */
  isUsed(shard: string): boolean {
    for (const pk of this.#entries.keys()) if (openShard(pk.slice("EXE#".length)) === shard) return true;
    return false;
  }

  isAnythingDue(now: number): boolean {
    for (const pk of this.#entries.keys()) {
      const { openPk, nextCheckAt } = this.#seen(pk);
      if (openPk !== undefined && nextCheckAt !== undefined && nextCheckAt <= now) return true;
    }
    return false;
  }

  /** The earliest first; of each item only what the index holds. */
  due(shard: string, now: number, limit: number): Item[] {
    return [...this.#entries.keys()]
      .map((pk) => ({ pk, sk: "STATE", ...this.#seen(pk) }))
      .filter(({ openPk, nextCheckAt = Number.POSITIVE_INFINITY }) => openPk === shard && nextCheckAt <= now)
      .sort((a, b) => Number(a.nextCheckAt) - Number(b.nextCheckAt))
      .slice(0, limit)
      .map(({ pk, sk, openPk, nextCheckAt }) => ({ pk, sk, openPk, nextCheckAt }));
  }

  #seen(pk: string): Entry {
    const { now } = this.#scheduler;
    const entries = this.#entries.get(pk) ?? [];
    while ((entries[1]?.visibleAt ?? Number.POSITIVE_INFINITY) <= now) entries.shift();
    const [first] = entries;
    return first === undefined || first.visibleAt > now ? NOTHING_SEEN : first;
  }
}

const NOTHING_SEEN: Entry = { visibleAt: 0, openPk: undefined, nextCheckAt: undefined };
