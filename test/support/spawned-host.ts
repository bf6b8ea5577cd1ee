import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { Target } from "./target.ts";

/** `bulkhead up` as a user starts it: a process of its own, that a test may kill. */
export class SpawnedHost {
  readonly target: Target;
  readonly process: ChildProcess;

  private constructor(process: ChildProcess, url: string) {
    this.process = process;
    this.target = new Target(url);
  }

  static async start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<SpawnedHost> {
    const child = spawn(process.execPath, ["infra/cli/bulkhead.mjs", "up", "--port", "0", ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    let complained = "";
    child.stderr?.on("data", (chunk) => {
      complained += chunk;
    });
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout?.on("data", (chunk) => {
        printed += chunk;
        const ready = /^ready (\S+)$/m.exec(printed);
        if (ready?.[1] !== undefined) resolve(ready[1]);
      });
      child.once("exit", (code) => reject(new Error(`up ended with ${code}: ${complained}`)));
    });
    return new SpawnedHost(child, url);
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** Ends the process with a signal and waits until it is gone. */
  end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.process.exitCode !== null || this.process.signalCode !== null)
      return Promise.resolve(this.process.exitCode);
    return new Promise((resolve) => {
      this.process.once("exit", resolve);
      this.process.kill(signal);
    });
  }
}

/** All living descendants of a process, by /proc: whoever should be gone when it is. */
export const descendantsOf = (pid: number): number[] => {
  const parents = new Map<number, number>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // Ended between the listing and the reading.
    }
  }
  const found: number[] = [];
  for (const [child, parent] of parents) if (parent === pid) found.push(child, ...descendantsOf(child));
  return found;
};

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

/** Waits for a claim by looking every 20 ms. */
export const eventually = async (
  claim: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 15_000,
): Promise<void> => {
  const end = Date.now() + timeoutMs;
  while (!(await claim())) {
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
