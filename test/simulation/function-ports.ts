import type { LogFields } from "../../functions/shared/contracts/log-fields.ts";
import type { ProtocolTimes } from "../../functions/shared/contracts/protocol-times.ts";
import type { Clock, Random } from "../../functions/shared/ports/clock.ts";
import type { Log } from "../../functions/shared/ports/log.ts";
import type { Queues } from "../../functions/shared/ports/queues.ts";
import type { Store } from "../../functions/shared/ports/store.ts";
import type { Chance } from "./chance.ts";
import type { PortCalls } from "./port-calls.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimProcess } from "./sim-process.ts";
import type { SimQueues } from "./sim-queues.ts";
import type { SimStore } from "./sim-store.ts";
import type { Watch } from "./watch.ts";

/** What every function of a world stands on, as one process of it sees it. */
export interface FunctionPorts {
  readonly store: Store;
  readonly queues: Queues;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly times: ProtocolTimes;
}

export interface WorldParts {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly calls: PortCalls;
  readonly store: SimStore;
  readonly queues: SimQueues;
  readonly watch: Required<Watch>;
  readonly times: ProtocolTimes;
}

export const functionPorts = (parts: WorldParts, process: SimProcess): FunctionPorts => ({
  store: parts.store.portOf(process),
  queues: parts.queues.portOf(process),
  clock: {
    now: () => parts.scheduler.now + process.skewMs,
    sleep: (ms, signal) => parts.calls.sleep(process, ms, signal),
  },
  random: {
    fraction: () => parts.chance.fraction(),
    bytes: (count) => parts.chance.bytes(count),
  },
  log: logOf(parts.watch, process),
  times: parts.times,
});

const logOf = (watch: Required<Watch>, process: SimProcess): Log => {
  const line = (message: string, fields: LogFields = {}): void =>
    watch.logged(process, message, fields as Readonly<Record<string, unknown>>);
  return { info: line, warn: line, error: line };
};
