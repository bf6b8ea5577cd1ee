import type { AgentManifest } from "../contracts/agent-manifest.ts";
import type { ProtocolTimes } from "../contracts/protocol-times.ts";
import type { Clock, Random } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Queues } from "./queues.ts";
import type { Store } from "./store.ts";

/** All that the coordinator stands on; wired from the environment by `entry/coordinator-handler.ts`. */
export interface CoordinatorPorts {
  readonly store: Store;
  readonly queues: Queues;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly times: ProtocolTimes;
  /** Who there is, and each one's Retry policy. */
  readonly agents: AgentManifest;
}

/** All that the sweeper stands on; wired from the environment by `entry/sweeper-handler.ts`. */
export interface SweeperPorts {
  readonly store: Pick<Store, "due">;
  readonly queues: Pick<Queues, "sendHint">;
  readonly clock: Clock;
  readonly log: Log;
}
