import type { AgentManifest } from "../contracts/agent-manifest.ts";
import type { ProtocolTimes } from "../contracts/protocol-times.ts";
import type { Clock, Random } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Delivery, Queues, Verdict } from "./queues.ts";
import type { Store } from "./store.ts";

/** All that the coordinator stands on: no blobs, no model, no workspace. */
export interface CoordinatorPorts {
  readonly store: Store;
  readonly queues: Pick<Queues, "sendWork">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly agents: AgentManifest;
  readonly times: ProtocolTimes;
}

/** Handles one batch of hints; a verdict for every delivery, whatever happens to the others. */
export type Reconciler = (deliveries: readonly Delivery[]) => Promise<ReadonlyMap<string, Verdict>>;
