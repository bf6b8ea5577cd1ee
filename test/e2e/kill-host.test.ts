import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { readLedger } from "../../infra/local/model-server/ledger.ts";
import { createModelServer, type ModelServer } from "../../infra/local/model-server/server.ts";
import { descendantsOf, eventually, isAlive, SpawnedHost } from "../support/spawned-host.ts";

/** Embedded host only: the host itself is a process here, started by the CLI as a user would. */

let host: SpawnedHost | undefined;
let provider: ModelServer | undefined;
let folder: string | undefined;

afterEach(async () => {
  await host?.end("SIGTERM");
  await provider?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  host = provider = folder = undefined;
});

test("a host killed with -9 and started again goes on where it was: no finished turn is paid twice [bad-input 65]", async () => {
  folder = mkdtempSync(join(tmpdir(), "bulkhead-kill-"));
  const ledgerFile = join(folder, "ledger.jsonl");
  provider = await createModelServer({ ledgerFile });
  const env = { ANTHROPIC_BASE_URL: provider.url, ANTHROPIC_API_KEY: "key-for-the-test" };
  const args = ["--data", join(folder, "data")];

  host = await SpawnedHost.start(args, env);
  const id = await host.target.start("[[slow-planner ms=1500]] Over a kill");
  const calls = (): string[] => readLedger(ledgerFile).map(({ agent, turn }) => `${agent} ${turn}`);
  await eventually(() => calls().includes("planner 1"), "the planner asks its model");
  const children = descendantsOf(host.pid);
  expect(children.length).toBeGreaterThan(3);
  await host.end("SIGKILL");
  await eventually(() => !children.some(isAlive), "no child survives the host", 5_000);

  host = await SpawnedHost.start(args, env);
  const view = await host.target.end(id, 30_000);
  expect(view.status).toBe("SUCCEEDED");
  expect(calls().filter((call) => call === "coder 1")).toHaveLength(1);
  expect(calls().filter((call) => call === "coder 2")).toHaveLength(1);
  expect(calls().filter((call) => call === "critic 1").length).toBeLessThanOrEqual(2);
  expect(calls().filter((call) => call === "planner 1")).toHaveLength(2);
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s stops everything, with exit code 0 and no child left",
  async (signal) => {
    host = await SpawnedHost.start([]);
    expect((await host.target.run("[[quick]] Before the end")).status).toBe("SUCCEEDED");
    const children = descendantsOf(host.pid);
    expect(await host.end(signal)).toBe(0);
    expect(children.filter(isAlive)).toEqual([]);
  },
);

test("a second host on the same data folder is refused with one line [bad-input 62]", async () => {
  folder = mkdtempSync(join(tmpdir(), "bulkhead-two-"));
  host = await SpawnedHost.start(["--data", folder]);
  await expect(SpawnedHost.start(["--data", folder])).rejects.toThrow(/up ended with 2: [^\n]+\n?$/);
});
