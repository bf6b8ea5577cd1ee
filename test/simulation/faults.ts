import type { Chance } from "./chance.ts";
import type { Weather } from "./weather.ts";

/** What is as likely at each call, message or process. */
export type Rate = Exclude<keyof Weather, "name" | "outages" | "deploys" | "indexLagMsMax">;

/**
 * What may happen to a world until its faults end, and what did, by kind: for the report of a failing
 * world, and for the hunt's sums.
 */
export class Faults {
  readonly counts = new Map<string, number>();
  /** Port calls that were crashed before or after, by place. */
  readonly crashPoints = new Map<string, number>();
  readonly #chance: Chance;
  readonly #weather: Weather;
  #isOver = false;

  constructor(chance: Chance, weather: Weather) {
    this.#chance = chance;
    this.#weather = weather;
  }

  /** From now on the world is kind. */
  end(): void {
    this.#isOver = true;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether it happens now; noted by its kind, or by the caller where the kind is drawn after it. */
  strikes(rate: Rate, kind?: string): boolean {
    if (this.#isOver || !this.#chance.hit(this.#weather[rate])) return false;
    if (kind !== undefined) this.note(kind);
    return true;
  }

  note(kind: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  noteCrash(when: "before" | "after", place: string): void {
    this.note(`crash ${when} a call`);
    const key = `${when} ${place}`;
    this.crashPoints.set(key, (this.crashPoints.get(key) ?? 0) + 1);
  }
}
