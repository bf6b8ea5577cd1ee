import type { ModelConnections } from "./connect-models.ts";
import type { EventSource } from "./event-source.ts";
import type { HostFunctions } from "./host-functions.ts";
import type { ModelServer } from "./model-server/server.ts";

export interface Host {
  readonly url: string;
  /** Whether the answers come from the scripted model server. */
  readonly scripted: boolean;
  /** The host's own scripted model server, when it started one. */
  readonly modelServer: ModelServer | undefined;
  /** Every child process there is: which function it runs, and whether it has something to do. */
  agents(): { readonly function: string; readonly pid: number; readonly busy: boolean }[];
  /** SIGKILL to a child and its group, as a crash would be; says whether it was one of ours. */
  kill(pid: number): boolean;
  /** The same for all children of a function; says how many there were. */
  killFunction(name: string): number;
  /** What was asked of SQS, S3, DynamoDB and Lambda since the start, by operation. */
  requests(): Record<string, number>;
  /** Ends everything, within about two seconds; resolves when no child is left. Safe to repeat. */
  stop(): Promise<void>;
}

interface Running {
  /** Everything that was started, to be ended in the opposite order. */
  readonly parts: AsyncDisposableStack;
  readonly url: string;
  readonly models: ModelConnections;
  readonly functions: HostFunctions;
  readonly sources: readonly EventSource[];
  readonly counters: readonly ({ readonly requests: ReadonlyMap<string, number> } | undefined)[];
}

export class RunningHost implements Host {
  readonly url: string;
  readonly scripted: boolean;
  readonly modelServer: ModelServer | undefined;
  readonly #running: Running;
  #stopped: Promise<void> | undefined;

  constructor(running: Running) {
    this.url = running.url;
    this.scripted = running.models.isScripted;
    this.modelServer = running.models.server;
    this.#running = running;
  }

  agents(): ReturnType<Host["agents"]> {
    return this.#running.functions.all.flatMap(({ settings, environments }) =>
      environments.flatMap(({ pid, running }) =>
        pid === undefined ? [] : [{ function: settings.name, pid, busy: running > 0 }],
      ),
    );
  }

  kill(pid: number): boolean {
    for (const { environments } of this.#running.functions.all) {
      const environment = environments.find((one) => one.pid === pid);
      environment?.kill();
      if (environment !== undefined) return true;
    }
    return false;
  }

  killFunction(name: string): number {
    const environments = this.#running.functions.find(name)?.environments ?? [];
    for (const environment of environments) environment.kill();
    return environments.length;
  }

  requests(): Record<string, number> {
    const { counters, sources, functions } = this.#running;
    const counts: Record<string, number> = {};
    const add = (operation: string, count: number): void => {
      if (count > 0) counts[operation] = (counts[operation] ?? 0) + count;
    };
    for (const counter of counters)
      for (const [operation, count] of counter?.requests ?? []) add(operation, count);
    for (const { receives, deletes } of sources) {
      add("SQS ReceiveMessage", receives);
      add("SQS DeleteMessageBatch", deletes);
    }
    for (const { settings, invocations } of functions.all) add(`Lambda ${settings.name}`, invocations);
    return counts;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#running.parts.disposeAsync();
    return this.#stopped;
  }
}
