import type { Chance } from "./chance.ts";
import type { PortCalls } from "./port-calls.ts";
import type { Scene } from "./scene.ts";
import type { Scheduler } from "./scheduler.ts";

const MINUTE = 60_000;

/** In many worlds a service, in some all of them, answers nobody for a while. */
export const drawOutages = (chance: Chance, scene: Scene, calls: PortCalls, scheduler: Scheduler): void => {
  if (!chance.hit(scene.weather.outages)) return;
  const services = chance.hit(0.2)
    ? (["store", "queue", "blobs"] as const)
    : [chance.pick(["store", "queue", "blobs"] as const)];
  const at = scheduler.now + chance.int(0, scene.faultsEndAt - scheduler.now);
  const ms = chance.skewed(1_000, scene.isLocal ? 2 * MINUTE : 30 * MINUTE);
  scheduler.at(at, () => {
    for (const service of services) calls.outage(service, ms);
  });
};
