import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Queues } from "./queues.ts";
import type { Store } from "./store.ts";

export interface SweeperPorts {
  readonly store: Pick<Store, "due">;
  readonly queues: Pick<Queues, "sendHint">;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
}
