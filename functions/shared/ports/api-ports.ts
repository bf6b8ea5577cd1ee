import type { AgentManifest, ProviderName } from "../contracts/agent-manifest.ts";
import type { AgentName } from "../contracts/ids.ts";
import type { ExecutionLimits } from "../contracts/limits.ts";
import type { ProtocolTimes } from "../contracts/protocol-times.ts";
import type { Blobs } from "./blobs.ts";
import type { Clock, Random } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Queues } from "./queues.ts";
import type { Store } from "./store.ts";

/** Which model answers for an agent, and whether today's price table knows it. */
export interface AgentModel {
  readonly provider: ProviderName;
  readonly model: string;
  readonly priced: boolean;
}

/** All that the API stands on; wired from the environment by `entry/api-handler.ts`. */
export interface ApiPorts {
  readonly store: Store;
  readonly queues: Pick<Queues, "sendHint">;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly times: ProtocolTimes;
  readonly agents: AgentManifest;
  /** One entry per agent of the manifest; an agent without one counts as unpriced. */
  readonly agentModels: Readonly<Record<AgentName, AgentModel>>;
  /**
   * Signs page tokens. Asked at first use, so that a cold start does not wait for a secret and
   * nothing but listing fails when it cannot be read. Rejects as the secrets adapter does.
   */
  readonly tokenSecret: () => Promise<string>;
  /** What an execution gets that asks for nothing, over the built-in defaults. */
  readonly limits?: { readonly [Name in keyof ExecutionLimits]?: ExecutionLimits[Name] | undefined };
  /** How long records stay after an execution's deadline; 30 days when absent. */
  readonly retentionSeconds?: number;
  /** Answers come from the scripted model server. */
  readonly scripted: boolean;
}
