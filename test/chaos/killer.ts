import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { descendantsOf } from "../support/spawned-host.ts";

/** Processes that died at one moment, by the function that they ran. */
export interface Kill {
  readonly at: number;
  readonly functions: readonly string[];
  readonly isHost: boolean;
}

/** Kills a random child of the host every `everyMs` until `signal`; what it killed is in `kills`. */
export const killChildren = async (options: {
  readonly hostPid: () => number | undefined;
  readonly everyMs: number;
  readonly kills: Kill[];
  readonly signal: AbortSignal;
}): Promise<void> => {
  while (!options.signal.aborted) {
    await wait(options.everyMs, undefined, { signal: options.signal }).catch(() => {});
    const host = options.hostPid();
    if (options.signal.aborted || host === undefined) continue;
    const children = childrenOf(host);
    const victim = children[Math.floor(Math.random() * children.length)];
    if (victim === undefined) continue;
    options.kills.push({ at: Date.now(), functions: [victim.name], isHost: false });
    kill(victim.pid);
  }
};

/** The host's function processes; whatever else it started is not one. */
export const childrenOf = (host: number): { readonly pid: number; readonly name: string }[] =>
  descendantsOf(host).flatMap((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      const name = environment.find((entry) => entry.startsWith(NAME))?.slice(NAME.length);
      return name === undefined ? [] : [{ pid, name }];
    } catch {
      return [];
    }
  });

const NAME = "AWS_LAMBDA_FUNCTION_NAME=";

const kill = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself in this moment.
  }
};
