// This project in the peers' harness: the embedded host as a user runs it, agents as processes of
// their own, the harness's agentTurn as their model.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { startHost } from "../../infra/local/host.ts";
import { agentFiles } from "./agent-template.ts";

const { runBench } = await import(pathToFileURL(`${process.env.PEERS_LIB}/bench.mjs`).href);
const repository = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

let host;
let scratch;

const start = async (agents) => {
  scratch = mkdtempSync(join(tmpdir(), "bulkhead-bench-"));
  const agentsDir = join(scratch, "agents");
  for (const name of agents) {
    mkdirSync(join(agentsDir, name), { recursive: true });
    for (const [file, text] of Object.entries(agentFiles(name, repository)))
      writeFileSync(join(agentsDir, name, file), text);
  }
  host = await startHost({
    root: repository,
    agentsDir,
    port: 0,
    dataDir: join(scratch, "data"),
    modelServer: "http://127.0.0.1:9", // never called: the agents' model is the harness
    passEnv: ["PEERS_LIB", "PEERS_DATA"],
    throttle: { ratePerSecond: 10_000, burst: 10_000 },
  });
};

const post = async (path, body) => {
  const response = await fetch(`${host.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
};

const run = async (request) => {
  let { body } = await post("/executions?wait=25", { input: JSON.stringify({ request }) });
  for (let tries = 0; body.status === "RUNNING" && tries < 4; tries++)
    body = await (await fetch(`${host.url}/executions/${body.executionId}?wait=25`)).json();
  if (body.status !== "SUCCEEDED") throw new Error(JSON.stringify(body).slice(0, 300));
  return JSON.parse(body.output);
};

await runBench({
  name: "bulkhead",
  durability:
    "embedded host on a data folder; SQS, S3 by fauxqs, store by node:sqlite (WAL); process per agent environment",
  canKill: true,
  start,
  run,
  stop: async () => {
    await host.stop();
    rmSync(scratch, { recursive: true, force: true });
  },
});
process.exit(0);
