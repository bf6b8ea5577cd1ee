import type { AgentManifest } from "../contracts/agent-manifest.ts";
import type { ProtocolTimes } from "../contracts/protocol-times.ts";
import type { ProviderAccount } from "../contracts/provider-account.ts";
import type { Blobs } from "../ports/blobs.ts";
import type { Clock, Random } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Model } from "../ports/model.ts";
import type { Queues } from "../ports/queues.ts";
import type { Sandbox } from "../ports/sandbox.ts";
import type { Store } from "../ports/store.ts";
import type { ToolServers } from "../ports/tool-servers.ts";
import type { Web } from "../ports/web.ts";

/** Everything one agent reaches. `model` is its own connection, with its own key. */
export interface AgentPorts {
  readonly store: Store;
  readonly queues: Queues;
  readonly blobs: Blobs;
  readonly model: Model;
  /** Of the provider behind `model`: who shares its limits. */
  readonly account: ProviderAccount;
  /** Absent where none is deployed, or this agent may not use it. */
  readonly sandbox?: Sandbox;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly times: ProtocolTimes;
  /** All agents, this one included: who there is, and who may hand off to whom. */
  readonly agents: AgentManifest;
  /** New sessions with the agent's tool servers, for one task. Absent when its spec lists none. */
  readonly openToolServers?: () => Promise<ToolServers>;
  /** For agents that have `web_fetch`. */
  readonly web?: Web;
  /** The text of `prompt.md`. */
  readonly prompt: string;
}

/** The function run that handles a delivery. */
export interface Invocation {
  /** Milliseconds until the platform kills it. */
  remainingMs(): number;
}
