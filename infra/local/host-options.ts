import type { ProtocolTimes } from "../../functions/shared/contracts/protocol-times.ts";
import type { StoreKind } from "./data-folder.ts";
import type { Environment } from "./provider-settings.ts";
import type { Throttle } from "./token-bucket.ts";

export interface HostOptions {
  /** The repository; default: the one that this file is in. */
  readonly root?: string | undefined;
  /** Default: `functions/agents` of the repository. */
  readonly agentsDir?: string | undefined;
  /** Run the bundles that are deployed, byte for byte, instead of those that are made sooner and read better. */
  readonly minify?: boolean | undefined;
  /** On 127.0.0.1; default 0: any free one. */
  readonly port?: number | undefined;
  /** Everything is kept here over restarts; without it, everything is forgotten at the end. */
  readonly dataDir?: string | undefined;
  /**
   * Only the API runs: no queue is polled and nothing is swept, so that looking at a data folder
   * moves nothing on and asks no model. What is accepted meanwhile goes on at the next start.
   */
  readonly paused?: boolean | undefined;
  /** Where records are: SQLite, or DynamoDB as dynalite emulates it. Default: what the data folder has, or SQLite. */
  readonly store?: StoreKind | undefined;
  /** The user's environment, of which only the settings of providers and tool servers are read; none by default. */
  readonly env?: Environment | undefined;
  readonly times?: Partial<ProtocolTimes> | undefined;
  /**
   * `auto`: the providers that `env` asks for, else a scripted model server of the host's own.
   * An address: a scripted model server there. `false`: the providers of `env` or none.
   */
  readonly modelServer?: "auto" | string | false | undefined;
  /** What callers must send: one key, whose id is `local`, or keys by id. The id is the tenant. */
  readonly apiKey?: string | Readonly<Record<string, string>> | undefined;
  readonly throttle?: Throttle | undefined;
  /** Environments at most, by function name, instead of what agent.ts or the host says. */
  readonly concurrency?: Readonly<Record<string, number>> | undefined;
  /** Variables of this process that every function sees; for benchmarks. */
  readonly passEnv?: readonly string[] | undefined;
  /** Failures that tests ask for. */
  readonly faults?: HostFaults | undefined;
  /** Gets what functions print, and what the host has to say of them. */
  readonly log?: ((source: string, line: string) => void) | undefined;
  /** What functions print at least; default `info` when there is a `log`, else `error`. */
  readonly logLevel?: "info" | "warn" | "error" | undefined;
}

export interface HostFaults {
  /** Every message is delivered twice. */
  readonly duplicateMessages?: boolean;
  /** No hint arrives but the sweeper's. */
  readonly dropHints?: boolean;
}
