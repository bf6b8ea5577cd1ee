import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context, SQSEvent } from "aws-lambda";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LOCAL_TIMES } from "../../../../functions/shared/contracts/protocol-times.ts";
import { createApiHandler } from "../../../../functions/shared/entry/api-handler.ts";
import { createCoordinatorHandler } from "../../../../functions/shared/entry/coordinator-handler.ts";
import { createSweeperHandler } from "../../../../functions/shared/entry/sweeper-handler.ts";
import type { ApiPorts } from "../../../../functions/shared/ports/api-ports.ts";
import type { CoordinatorPorts } from "../../../../functions/shared/ports/coordinator-ports.ts";

let folder: string;
const context = { getRemainingTimeInMillis: () => 30_000 } as Context;
const canary = "sk-ant-canary-0123456789";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bulkhead-entry-"));
  writeFileSync(join(folder, "manifest.json"), "[]");
  const variables = {
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_ENDPOINT_URL: "http://127.0.0.1:1",
    BULKHEAD_STORE: `sqlite:${join(folder, "bulkhead.db")}`,
    BULKHEAD_EVENTS_QUEUE_URL: "http://127.0.0.1:1/0/events",
    BULKHEAD_OWN_QUEUE_URL: "http://127.0.0.1:1/0/events",
    BULKHEAD_AGENT_QUEUE_URLS: "{}",
    BULKHEAD_TIMES: JSON.stringify(LOCAL_TIMES),
    BULKHEAD_MANIFEST: join(folder, "manifest.json"),
    BULKHEAD_BUCKET: "blobs",
    BULKHEAD_AGENT_MODELS: JSON.stringify({
      coder: { provider: "anthropic", model: "claude-opus-5" },
      critic: { provider: "compatible", model: "nobody-knows-its-price" },
    }),
    BULKHEAD_TOKEN_SECRET: canary,
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const eventOf = (...ids: string[]): SQSEvent =>
  ({
    Records: ids.map((id) => ({
      messageId: id,
      receiptHandle: id,
      body: id,
      attributes: { ApproximateReceiveCount: "1" },
    })),
  }) as unknown as SQSEvent;

test("the coordinator stands on the store, times and agents of its environment", async () => {
  let ports: CoordinatorPorts | undefined;
  const handler = createCoordinatorHandler((given) => {
    ports = given;
    return async (deliveries) => {
      for (const { body } of deliveries) await given.store.create({ pk: body, sk: "STATE" });
      return new Map(deliveries.map(({ messageId }) => [messageId, "done"]));
    };
  });
  expect(await handler(eventOf("a", "b"), context)).toEqual({ batchItemFailures: [] });
  expect(ports?.times).toEqual(LOCAL_TIMES);
  expect(ports?.agents).toEqual([]);
  expect(await ports?.store.get({ pk: "b", sk: "STATE" })).toBeDefined();
});

test("one hint that was not settled is reported alone, though no queue answers", async () => {
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const handler = createCoordinatorHandler(() => async () => new Map([["a", "done"]]));
  expect(await handler(eventOf("a", "b"), context)).toEqual({ batchItemFailures: [{ itemIdentifier: "b" }] });
});

test("a function whose environment is incomplete says which variable, and starts once that is mended", async () => {
  vi.stubEnv("BULKHEAD_OWN_QUEUE_URL", undefined);
  const handler = createCoordinatorHandler(() => async () => new Map());
  await expect(handler(eventOf(), context)).rejects.toThrow(/BULKHEAD_OWN_QUEUE_URL .* is not set/);
  vi.stubEnv("BULKHEAD_OWN_QUEUE_URL", "http://127.0.0.1:1/0/events");
  expect(await handler(eventOf(), context)).toEqual({ batchItemFailures: [] });
});

test("the sweeper is called with the time and an index to look into", async () => {
  let found: unknown;
  const handler = createSweeperHandler(async ({ store, clock }) => {
    found = await store.due("OPEN#0", clock.now(), 10);
  });
  await handler();
  expect(found).toEqual([]);
});

test("the api learns which models have a price, and its secret never reaches the log", async () => {
  const lines: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((line) => {
    lines.push(String(line));
    return true;
  });
  let ports: ApiPorts | undefined;
  const handler = createApiHandler((given) => {
    ports = given;
    return async (event: string) => {
      given.log.info("asked", { tenant: await given.tokenSecret() });
      return event.toUpperCase();
    };
  });
  expect(await handler("hello", context)).toBe("HELLO");
  expect(ports?.agentModels).toMatchObject({ coder: { priced: true }, critic: { priced: false } });
  expect(ports?.scripted).toBe(false);
  expect(lines.join("")).toContain("[concealed]");
  expect(lines.join("")).not.toContain(canary);
});
