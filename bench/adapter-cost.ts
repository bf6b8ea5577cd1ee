import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { createDynamoDbStore } from "../functions/shared/adapters/dynamodb-store.ts";
import { createSqliteStore } from "../functions/shared/adapters/sqlite-store.ts";
import { createSqsQueues } from "../functions/shared/adapters/sqs-queues.ts";
import { systemClock, systemRandom } from "../functions/shared/adapters/system-clock.ts";
import type { Store } from "../functions/shared/ports/store.ts";
import { scriptOptions } from "../infra/script-options.ts";
import { emulated, makeQueue, makeTable, startDynalite, startFauxqs } from "../test/support/emulators.ts";

/**
 * `node bench/adapter-cost.ts`: what one operation of each adapter costs on this machine, CPU of the
 * client and of the emulator apart. The figures of docs/decisions/0002 come from here.
 */
const ROUNDS = 1_000;
const WARM_UP = 300;
const ITEM_BYTES = 4_000;

const server = async (kind: "dynalite" | "fauxqs") => {
  const child = fork(import.meta.filename, [kind]);
  const ask = async (): Promise<unknown> => {
    const answer = once(child, "message");
    child.send("?");
    return (await answer)[0];
  };
  const [endpoint] = (await once(child, "message")) as [string];
  return { endpoint, cpuMs: async () => Number(await ask()), stop: () => child.kill() };
};

const serve = async (kind: string): Promise<void> => {
  const { endpoint } = kind === "dynalite" ? await startDynalite() : await startFauxqs();
  process.on("message", () => process.send?.(cpuMs()));
  process.on("disconnect", () => process.exit());
  process.send?.(endpoint);
};

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const measure = async (
  name: string,
  serverCpuMs: () => Promise<number>,
  operation: (n: number) => Promise<unknown>,
): Promise<void> => {
  for (let n = 0; n < WARM_UP; n++) await operation(n);
  const [server, client, began] = [await serverCpuMs(), cpuMs(), performance.now()];
  for (let n = 0; n < ROUNDS; n++) await operation(WARM_UP + n);
  const wall = performance.now() - began;
  const spent = [wall, cpuMs() - client, (await serverCpuMs()) - server].map((ms) =>
    (ms / ROUNDS).toFixed(3).padStart(7),
  );
  console.log(`${name.padEnd(42)} ms: wall ${spent[0]}  client CPU ${spent[1]}  server CPU ${spent[2]}`);
};

const measureStore = async (name: string, store: Store, serverCpuMs: () => Promise<number>) => {
  const key = { pk: "EXE#1", sk: "STATE" };
  await store.create({ ...key, version: 0, body: "x".repeat(ITEM_BYTES), outbox: {} });
  await measure(`${name}: conditional update`, serverCpuMs, async (n) => {
    const written = await store.update(key, {
      set: [
        [["version"], n + 1],
        [["body"], "y".repeat(ITEM_BYTES)],
      ],
      when: [{ path: ["version"], is: "equal", value: n }],
    });
    if (written !== "applied") throw new Error(`update ${n} was ${written}`);
  });
  await measure(`${name}: get`, serverCpuMs, () => store.get(key));
};

const main = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-cost-"));
  const sqlite = createSqliteStore({ file: join(folder, "bulkhead.db") });
  await measureStore("node:sqlite", sqlite, async () => 0);
  sqlite.close();
  rmSync(folder, { recursive: true });

  const dynalite = await server("dynalite");
  await makeTable(dynalite.endpoint, "bulkhead");
  const client = new DynamoDBClient(emulated(dynalite.endpoint));
  const store = createDynamoDbStore({ table: "bulkhead", clock: systemClock, random: systemRandom, client });
  await measureStore("DynamoDB client and dynalite", store, dynalite.cpuMs);
  dynalite.stop();

  const fauxqs = await server("fauxqs");
  const events = await makeQueue(fauxqs.endpoint, "events");
  const sqs = new SQSClient({ ...emulated(fauxqs.endpoint), useQueueUrlAsEndpoint: false });
  const queues = createSqsQueues({ events, agents: {} }, sqs);
  const hint = { v: 1, kind: "look", executionId: "01JD0000000000000000000000" } as const;
  await measure("SQS client and fauxqs: send", fauxqs.cpuMs, () => queues.sendHint(hint));
  fauxqs.stop();
};

// With a parent to tell its address to, this is the process of an emulator.
if (process.send !== undefined) await serve(process.argv[2] ?? "");
else {
  scriptOptions("node bench/adapter-cost.ts", {});
  await main();
}
