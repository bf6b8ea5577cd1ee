import { expect, test } from "vitest";
import { initialState } from "../../../functions/shared/contracts/execution-state.ts";
import { DEFAULT_EXECUTION_LIMITS } from "../../../functions/shared/contracts/limits.ts";
import { newStateItem } from "../../../functions/shared/contracts/stored-execution.ts";
import { RetryableError } from "../../../functions/shared/kernel/errors.ts";
import type { SweeperPorts } from "../../../functions/shared/ports/sweeper-ports.ts";
import { sweep } from "../../../functions/sweeper/sweep.ts";
import { MemoryQueues, MemoryStore, silentLog } from "../../support/memory-ports.ts";

const NOW = 1_700_000_000_000;
const idOf = (n: number): string => `01J${String(n).padStart(23, "0")}`;

const world = async (dueAt: readonly number[]): Promise<SweeperPorts & { queues: MemoryQueues }> => {
  const store = new MemoryStore();
  for (const [index, at] of dueAt.entries()) {
    const state = initialState({
      executionId: idOf(index),
      tenant: "default",
      createdAt: NOW,
      expiresAt: NOW,
      agent: "coder",
      input: { inline: "x" },
      limits: DEFAULT_EXECUTION_LIMITS,
    });
    await store.create(newStateItem(state, at));
  }
  return { store, queues: new MemoryQueues(), clock: { now: () => NOW }, log: silentLog };
};

const hinted = (queues: MemoryQueues): string[] =>
  queues.sent.map(({ message }) => ("executionId" in message ? message.executionId : "")).sort();

test("every execution of every shard whose time has come gets a hint, and no other", async () => {
  const times = Array.from({ length: 100 }, (_, index) => NOW + (index % 2 === 0 ? 0 : 1));
  const ports = await world(times);
  expect(await sweep(ports)).toEqual({ due: 50, failed: 0 });
  expect(hinted(ports.queues)).toEqual(Array.from({ length: 50 }, (_, index) => idOf(2 * index)).sort());
});

test("a hint of the sweeper asks for everything that is open", async () => {
  const ports = await world([NOW]);
  await sweep(ports);
  expect(ports.queues.sent).toEqual([
    { queue: "events", message: { v: 1, kind: "look", executionId: idOf(0) }, delaySeconds: 0 },
  ]);
});

test("nothing due is nothing to do", async () => {
  const ports = await world([]);
  expect(await sweep(ports)).toEqual({ due: 0, failed: 0 });
});

test("a shard and a send that fail keep no other waiting, and the run shows as failed", async () => {
  const ports = await world(Array.from({ length: 60 }, () => NOW));
  let isFirstShard = true;
  let isFirstSend = true;
  const failing: SweeperPorts = {
    ...ports,
    store: {
      due: async (...args) => {
        if (!isFirstShard) return ports.store.due(...args);
        isFirstShard = false;
        throw new RetryableError("Internal", "shard away");
      },
    },
    queues: {
      sendHint: async (...args) => {
        if (!isFirstSend) return ports.queues.sendHint(...args);
        isFirstSend = false;
        throw new RetryableError("Internal", "queue away");
      },
    },
  };
  await expect(sweep(failing)).rejects.toThrow("some of the sweep failed");
  expect(ports.queues.sent.length).toBeGreaterThan(40);
});

test("a page is bounded, the most overdue first; the rest comes with the next sweep", async () => {
  const ports = await world(Array.from({ length: 3_000 }, (_, index) => NOW - index));
  const { due } = await sweep(ports);
  expect(due).toBe(1_600);
  expect(hinted(ports.queues)).toContain(idOf(2_999));
});
