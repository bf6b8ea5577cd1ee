import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { ChildFunction, Turnstile } from "../../../infra/local/child-function.ts";
import type { FunctionSettings } from "../../../infra/local/function-settings.ts";
import { Reaper } from "../../../infra/local/reaper.ts";
import { RuntimeApi } from "../../../infra/local/runtime-api.ts";

/** Everything around functions that tests need, and the functions themselves from a line of source. */
export const createFixture = async (): Promise<Fixture> => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-test-"));
  const scratch = join(folder, "scratch");
  mkdirSync(scratch);
  const runtimeApiServer = new RuntimeApi();
  await runtimeApiServer.start();
  const reaper = new Reaper(scratch);
  const logged: string[] = [];
  const functions: ChildFunction[] = [];
  const home = {
    runtimeApi: runtimeApiServer.address,
    runtimeApiServer,
    scratch,
    reaper,
    starts: new Turnstile(availableParallelism()),
    log: (source: string, line: string) => logged.push(`${source}: ${line}`),
  };
  return {
    folder,
    logged,
    define: (source, overrides = {}) => {
      const name = overrides.name ?? `fixture-${functions.length}`;
      const taskRoot = join(folder, name);
      mkdirSync(taskRoot, { recursive: true });
      writeFileSync(join(taskRoot, "index.mjs"), source);
      const defined = new ChildFunction(
        {
          name,
          taskRoot,
          handler: "index.handler",
          env: {},
          timeoutMs: 10_000,
          memoryMb: 128,
          environmentsMax: 4,
          slotsPerEnvironment: 1,
          ...overrides,
        },
        home,
      );
      functions.push(defined);
      return defined;
    },
    stop: async () => {
      await Promise.all(functions.map((one) => one.stop(0)));
      await runtimeApiServer.stop();
      await reaper.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export interface Fixture {
  readonly folder: string;
  readonly logged: string[];
  /** `source` is an ES module that exports `handler`. */
  define(source: string, overrides?: Partial<FunctionSettings>): ChildFunction;
  stop(): Promise<void>;
}

export const invokeJson = async (fn: ChildFunction, event: unknown): Promise<unknown> =>
  JSON.parse((await fn.invoke(JSON.stringify(event))).toString());

/** A process that has ended and waits to be collected by its parent is not alive. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/\) [ZX] /.test(readFileSync(stat, "utf8"));
};
