import { type BatchGetItemCommand, type DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import { createDynamoDbStore } from "../../../../functions/shared/adapters/dynamodb-store.ts";
import { RetryableError, TerminalError } from "../../../../functions/shared/kernel/errors.ts";
import type { Clock } from "../../../../functions/shared/ports/clock.ts";
import { seededRandom } from "../../../support/memory-ports.ts";

/** Answers what no emulator does: DynamoDB's partial answers. */
const storeOn = (answer: (command: unknown, n: number) => unknown) => {
  const sent: unknown[] = [];
  const slept: number[] = [];
  const client = {
    send: async (command: unknown) => {
      sent.push(command);
      const what = answer(command, sent.length);
      if (what instanceof Error) throw what;
      return what;
    },
  } as unknown as DynamoDBClient;
  const clock: Clock = { now: () => 0, sleep: async (ms) => void slept.push(ms) };
  return { store: createDynamoDbStore({ table: "t", clock, random: seededRandom(), client }), sent, slept };
};

const key = (n: number) => ({ pk: `EXE#${n}`, sk: "STATE" });
const raw = (n: number) => ({ pk: { S: `EXE#${n}` }, sk: { S: "STATE" } });
const keysOf = (command: unknown) =>
  (command as BatchGetItemCommand).input.RequestItems?.["t"]?.Keys?.map((k) => k["pk"]?.S);

test("keys that DynamoDB left for later are asked for again, at once when it was for size", async () => {
  const { store, sent, slept } = storeOn((_, n) =>
    n === 1
      ? { Responses: { t: [raw(1)] }, UnprocessedKeys: { t: { Keys: [raw(2), raw(3)] } } }
      : { Responses: { t: [raw(3)] } },
  );
  const items = await store.getMany([key(1), key(2), key(3)]);
  expect(items.map((item) => item?.pk)).toEqual(["EXE#1", undefined, "EXE#3"]);
  expect(keysOf(sent[1])).toEqual(["EXE#2", "EXE#3"]);
  expect((sent[1] as BatchGetItemCommand).input.RequestItems?.["t"]?.ConsistentRead).toBe(true);
  expect(slept).toEqual([]);
});

test("keys that are never brought are a RetryableError after a bounded wait, never a partial list", async () => {
  const { store, sent, slept } = storeOn(() => ({ UnprocessedKeys: { t: { Keys: [raw(1)] } } }));
  await expect(store.getMany([key(1)])).rejects.toBeInstanceOf(RetryableError);
  expect(sent).toHaveLength(6);
  expect(slept).toHaveLength(5);
  expect(Math.max(...slept)).toBeLessThanOrEqual(1_000);
});

test("a list without end is a TerminalError, never a partial list", async () => {
  const { store, sent } = storeOn(() => ({ Items: [raw(1)], LastEvaluatedKey: raw(1) }));
  await expect(store.list("EXE#1")).rejects.toBeInstanceOf(TerminalError);
  expect(sent).toHaveLength(100);
});

test("a page that found too little after ten queries says where to go on", async () => {
  const position = { ...raw(7), listPk: { S: "TENANT#a" }, createdAt: { N: "70" } };
  const { store, sent } = storeOn((command) =>
    command instanceof QueryCommand ? { Items: [], LastEvaluatedKey: position } : { Responses: { t: [] } },
  );
  const page = await store.newest("TENANT#a", { limit: 5, status: "FAILED" });
  expect(page.items).toEqual([]);
  expect(sent).toHaveLength(10);
  await store.newest("TENANT#a", { limit: 5, status: "FAILED", after: page.next ?? "" });
  expect((sent[10] as QueryCommand).input.ExclusiveStartKey).toEqual(position);
});

test("an index entry whose item is gone, or has moved on, is left out", async () => {
  const entry = (n: number) => ({ ...raw(n), createdAt: { N: String(n) }, status: { S: "RUNNING" } });
  const { store } = storeOn((command) =>
    command instanceof QueryCommand
      ? { Items: [entry(3), entry(2), entry(1)] }
      : {
          Responses: {
            t: [
              { ...raw(3), status: { S: "SUCCEEDED" } },
              { ...raw(1), status: { S: "RUNNING" } },
            ],
          },
        },
  );
  const { items } = await store.newest("TENANT#a", { limit: 5, status: "RUNNING" });
  expect(items.map((item) => item.pk)).toEqual(["EXE#1"]);
});

test("a throttled write is a RetryableError, a missing table a TerminalError", async () => {
  const failing = (name: string) =>
    storeOn(() => Object.assign(new Error(name), { name })).store.create({ ...key(1) });
  await expect(failing("ThrottlingException")).rejects.toBeInstanceOf(RetryableError);
  await expect(failing("ResourceNotFoundException")).rejects.toBeInstanceOf(TerminalError);
});
