import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import type { Scene } from "./scene.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";

export type Service = "store" | "queue" | "blobs" | "model" | "tool";

/** Which services answer nobody, and until when; all are back when the faults end. */
export class Outages {
  readonly #scheduler: Scheduler;
  readonly #faults: Faults;
  readonly #endsAt = new Map<Service, number>();

  constructor(scheduler: Scheduler, faults: Faults) {
    this.#scheduler = scheduler;
    this.#faults = faults;
  }

  begin(service: Service, ms: number): void {
    this.#endsAt.set(service, this.#scheduler.now + ms);
  }

  isAway(service: Service): boolean {
    return !this.#faults.isOver && (this.#endsAt.get(service) ?? 0) > this.#scheduler.now;
  }
}

const MINUTE = 60_000;
const SERVICES = ["store", "queue", "blobs"] as const;

/** In many worlds a service, in some all of them, is away for a while. */
export const drawOutages = ({
  chance,
  scene,
  scheduler,
  faults,
  trace,
  outages,
}: {
  chance: Chance;
  scene: Scene;
  scheduler: Scheduler;
  faults: Faults;
  trace: Trace;
  outages: Outages;
}): void => {
  if (!chance.hit(scene.weather.outages)) return;
  const services = chance.hit(0.2) ? SERVICES : [chance.pick(SERVICES)];
  const at = scheduler.now + chance.int(0, scene.faultsEndAt - scheduler.now);
  const ms = chance.skewed(1_000, scene.isLocal ? 2 * MINUTE : 30 * MINUTE);
  scheduler.at(at, () => {
    for (const service of services) {
      faults.note(`outage of ${service}`);
      trace.note(scheduler.now, "world", `${service} is away for ${ms} ms`);
      outages.begin(service, ms);
    }
  });
};
