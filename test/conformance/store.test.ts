import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createDynamoDbStore } from "../../functions/shared/adapters/dynamodb-store.ts";
import { createSqliteStore } from "../../functions/shared/adapters/sqlite-store.ts";
import { systemClock, systemRandom } from "../../functions/shared/adapters/system-clock.ts";
import { emulated, makeTable, startDynalite } from "../support/emulators.ts";
import { MemoryStore } from "../support/memory-ports.ts";
import { storeSuite } from "./store.suite.ts";

storeSuite("memory", async () => {
  const store = new MemoryStore();
  return { store, other: store, close: async () => {} };
});

storeSuite("sqlite, two connections to one file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-store-"));
  const [store, other] = [0, 1].map(() => createSqliteStore({ file: join(folder, "bulkhead.db") })) as [
    ReturnType<typeof createSqliteStore>,
    ReturnType<typeof createSqliteStore>,
  ];
  return {
    store,
    other,
    close: async () => {
      store.close();
      other.close();
      rmSync(folder, { recursive: true });
    },
  };
});

storeSuite("DynamoDB, as dynalite has it", async () => {
  const dynalite = await startDynalite();
  await makeTable(dynalite.endpoint, "bulkhead");
  const clients = [0, 1].map(() => new DynamoDBClient(emulated(dynalite.endpoint)));
  const [store, other] = clients.map((client) =>
    createDynamoDbStore({ table: "bulkhead", clock: systemClock, random: systemRandom, client }),
  ) as [ReturnType<typeof createDynamoDbStore>, ReturnType<typeof createDynamoDbStore>];
  return {
    store,
    other,
    close: async () => {
      for (const client of clients) client.destroy();
      await dynalite.close();
    },
  };
});
