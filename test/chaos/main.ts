/**
 * `npm run chaos`: real processes on the embedded host, of which a random one is killed with -9 every
 * two seconds, and the host itself twice, while executions go on. Then the tables and the model
 * server's ledger are read. `--executions N` (200), or `--seconds S` for as many as there is time for.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { createModelServer } from "../../infra/local/model-server/server.ts";
import { scriptOptions, wholeNumber } from "../../infra/script-options.ts";
import { isAlive, SpawnedHost } from "../support/spawned-host.ts";
import { violationsOf } from "./checks.ts";
import { readEvidence } from "./evidence.ts";
import { childrenOf, type Kill, killChildren } from "./killer.ts";
import { startLoad } from "./load.ts";

const USAGE = "npm run chaos -- [--executions N] [--seconds S]";
const { values } = scriptOptions(USAGE, {
  options: { executions: { type: "string", default: "200" }, seconds: { type: "string" } },
});
/** What is left is for the last executions to end, and for reading. */
const LOAD_SHARE = 0.6;
const loadMs =
  values.seconds === undefined
    ? Number.POSITIVE_INFINITY
    : wholeNumber(USAGE, "seconds", values.seconds) * 1000 * LOAD_SHARE;
const executions = wholeNumber(USAGE, "executions", values.executions);
const KILL_EVERY_MS = 2_000;
const IN_FLIGHT = 8;
/** So that most kills meet a model call. */
const LATENCY_MS = 600;

const folder = mkdtempSync(join(tmpdir(), "bulkhead-chaos-"));
const ledgerFile = join(folder, "ledger.jsonl");
const dataFolder = join(folder, "data");
const started = Date.now();
const seen = new Set<number>();
const kills: Kill[] = [];
const over = new AbortController();

const provider = await createModelServer({ ledgerFile, latencyMs: LATENCY_MS });
let host: SpawnedHost | undefined;
const startHost = async (): Promise<SpawnedHost> => {
  const env = { ANTHROPIC_BASE_URL: provider.url, ANTHROPIC_API_KEY: "key-for-the-chaos" };
  return SpawnedHost.start(["--data", dataFolder], env);
};

const killHost = async (dying: SpawnedHost): Promise<void> => {
  const children = childrenOf(dying.pid);
  for (const { pid } of children) seen.add(pid);
  host = undefined;
  kills.push({ at: Date.now(), functions: children.map(({ name }) => name), isHost: true });
  await dying.end("SIGKILL");
  host = await startHost();
};

try {
  host = await startHost();
  let last = host;
  const load = startLoad({
    target: () => {
      last = host ?? last;
      return last.target;
    },
    executions,
    inFlight: IN_FLIGHT,
    isOver: () => Date.now() - started > loadMs,
  });
  const killing = killChildren({
    hostPid: () => host?.pid,
    everyMs: KILL_EVERY_MS,
    kills,
    signal: over.signal,
  });
  const progress = (): number => Math.max(load.finished / executions, (Date.now() - started) / loadMs);
  const hostKilling = (async () => {
    for (const share of [1 / 3, 2 / 3]) {
      while (progress() < share && !over.signal.aborted) await wait(50);
      if (host !== undefined && !over.signal.aborted) await killHost(host);
    }
  })();
  // A killer that fails must not let a run pass that was not under fire.
  await Promise.race([load.done, Promise.all([killing, hostKilling]).then(() => load.done)]);
  over.abort();
  await Promise.all([killing, hostKilling]);
  // What ended last may still be told, drained and settled.
  await wait(6_000);
  if (host !== undefined) {
    for (const { pid } of childrenOf(host.pid)) seen.add(pid);
    await host.end("SIGTERM");
  }

  const evidence = await readEvidence(join(dataFolder, "store.sqlite"), load.accepted);
  const { violations, bill } = violationsOf(evidence, provider.ledger(), kills);
  const left = [...seen].filter(isAlive);
  if (left.length > 0) violations.push(`${left.length} processes were left running`);
  const statuses = Map.groupBy(evidence, ({ stored }) => stored.state.status);
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(
    `executions ${evidence.length} (${[...statuses].map(([status, all]) => `${all.length} ${status}`).join(", ")})`,
  );
  console.log(
    `kills      ${kills.length} (${kills.filter(({ isHost }) => isHost).length} of the host) in ${seconds} s`,
  );
  console.log(`paid calls ${bill.paid}`);
  console.log(
    `bound      ${bill.turns + bill.midTurn} (${bill.turns} turns + ${bill.midTurn} kills in mid-turn)`,
  );
  for (const violation of violations) console.log(`VIOLATION  ${violation}`);
  if (violations.length === 0) console.log("OK");
  process.exitCode = violations.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  over.abort();
  await host?.end("SIGKILL");
  await provider.stop();
  if (process.exitCode === 0) rmSync(folder, { recursive: true, force: true });
  else console.error(`kept for you to look at: ${folder}`);
}
