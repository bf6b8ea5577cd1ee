import { describe, expect, test } from "vitest";
import type { Item } from "../../../../functions/shared/contracts/item.ts";
import type { ItemKey } from "../../../../functions/shared/contracts/resources.ts";
import type { Change, Store } from "../../../../functions/shared/ports/store.ts";
import { AgentWorld, answer, askPeer, call, EXECUTION, succeeded, turn } from "./agent-world.ts";
import { atEachRequest, type Doomed, deliverTo } from "./doomed.ts";

/** Tools, a handoff beside a tool, a resume with a blob for an answer, a tool again, and an answer. */
const script = () => [
  turn([call("write_file", { path: "a.ts", content: "one" }, "w1"), call("list_files", {}, "l1")]),
  turn([call("read_file", { path: "a.ts" }, "r1"), askPeer("planner")]),
  turn([call("write_file", { path: "a.ts", content: "two", version: 1 }, "w2")]),
  answer("done"),
];

/** Delivers and resumes like queue and coordinator, the first time to a function that is doomed. */
const run = async (doomed: Doomed, dooms: "first" | "resumed") => {
  const world = new AgentWorld({ script: script() });
  const blob = await world.blobs.put(EXECUTION, "the plan ".repeat(10));
  const planned = succeeded("planner", { blob, preview: "the plan" });
  let isDoomed = false;
  for (let deliveries = 1; deliveries <= 12; deliveries++) {
    const { status } = world.record();
    if (status === "SUCCEEDED" || status === "FAILED") break;
    if (status === "SUSPENDED") {
      const { suspension } = world.record();
      await world.resume([{ callId: "h1", branches: [planned] }], suspension?.k);
    }
    const isItsTurn = !isDoomed && (dooms === "first" || world.record().suspension !== undefined);
    if (!isItsTurn) {
      await world.deliver("m1");
      continue;
    }
    isDoomed = true;
    await deliverTo(doomed, world);
  }
  // The message that nobody acknowledged comes again.
  await world.deliver("m1");
  return world;
};

describe.each(["first", "resumed"] as const)("a function that dies in the %s invocation", (dooms) => {
  test.each([true, false])(
    "at any of its requests, applied: %s: the run ends right and no saved turn is paid again (P4-P8)",
    async (applied) => {
      const tellings = await atEachRequest(applied, async (doomed, at) => {
        const world = await run(doomed, dooms);
        expect(world.record(), at).toMatchObject({ status: "SUCCEEDED", turns: 4, answer: { text: "done" } });
        // One call a turn, and at most the one in flight twice.
        const calls = [...world.model.callsByTurn.values()];
        expect(calls, at).toHaveLength(4);
        expect(
          calls.reduce((sum, count) => sum + count, 0),
          at,
        ).toBeLessThanOrEqual(5);
        // The file is written twice, whoever repeated what.
        const file = world.store.items().find((item) => item.sk === "a.ts");
        expect(file, at).toMatchObject({ version: 2, blob: { bytes: 3 } });
        // W3: never fewer than there are, and one too many at most.
        const totals = world.store.items().find((item) => item.sk === "#TOTALS");
        expect([1, 2], at).toContain(totals?.["files"]);
        // Never below what was spent; above it by the one estimate that a crash may lose.
        const { committedTokens, open } = world.permit();
        expect(open, at).toEqual({});
        expect([400, 500, 1_400, 1_500], at).toContain(committedTokens);
        expect(world.record().usage.calls, at).toBe(4);
        expect(world.hints().length, at).toBeGreaterThanOrEqual(2);
      });
      expect(tellings).toBeGreaterThan(15);
    },
    30_000,
  );
});

describe("a function that freezes and wakes up again", () => {
  /** Holds one kind of request back until it is let go. */
  class Freezer {
    #thaw: () => void = () => {};
    readonly #frozen = new Promise<void>((resolve) => {
      this.#thaw = resolve;
    });

    store(store: Store, isHeld: (kind: string, key: ItemKey) => boolean): Store {
      const held = async (kind: string, key: ItemKey): Promise<void> => {
        if (isHeld(kind, key)) await this.#frozen;
      };
      return Object.assign(Object.create(store) as Store, {
        get: (key: ItemKey) => store.get(key),
        list: (pk: string) => store.list(pk),
        create: async (item: Item) => held("create", item).then(() => store.create(item)),
        update: async (key: ItemKey, change: Change) =>
          held("update", key).then(() => store.update(key, change)),
      });
    }

    thaw(): void {
      this.#thaw();
    }
  }

  test("before it saved its turn: the successor's turn is the one, and nothing more is paid (P5, P6)", async () => {
    const world = new AgentWorld({ script: [turn([call("list_files", {})]), answer("done")] });
    const freezer = new Freezer();
    const store = freezer.store(
      world.store,
      (kind, key) =>
        kind !== "list" && (key.sk.startsWith("TURN") || (key.sk === "TASK" && world.record().epoch > 1)),
    );
    const frozen = world.agent({ store }).handle(world.delivery("m1"), world.invocation);
    await world.rounds();
    world.clock.advance(10_000);
    await world.rounds();
    expect(await world.deliver("m2")).toBe("done");
    freezer.thaw();
    expect(await world.settle(frozen)).toEqual({ returnAfterSeconds: 1 });
    expect(world.record()).toMatchObject({ status: "SUCCEEDED", turns: 2, epoch: 3 });
    expect(world.model.callsByTurn).toEqual(
      new Map([
        [1, 2],
        [2, 1],
      ]),
    );
    expect(world.hints()).toHaveLength(1);
    expect(world.permit().open).toEqual({});
  });

  test("before it reserved: the fence of its successor keeps it from paying (P5)", async () => {
    const world = new AgentWorld();
    const freezer = new Freezer();
    const store = freezer.store(world.store, (kind, key) => kind === "update" && key.sk === "PERMIT");
    const frozen = world.agent({ store }).handle(world.delivery("m1"), world.invocation);
    await world.rounds();
    // The successor ends the attempt without a reservation of its own.
    world.forceRecord({
      crashes: 5,
      progress: "1.0.0.0.0",
      claim: { owner: "gone", leaseUntil: 0, messageId: "m1" },
    });
    expect(await world.deliver("m2")).toBe("done");
    expect(world.failure()?.name).toBe("CrashLoop");
    expect(world.permit().epochs).toEqual({ "1": 3 });
    freezer.thaw();
    expect(await world.settle(frozen)).toEqual({ returnAfterSeconds: 1 });
    expect(world.model.requests).toEqual([]);
    expect(world.permit()).toMatchObject({ committedTokens: 0, open: {} });
  });
});

describe("checkpoints that are gone [bad-input 42]", () => {
  const suspended = async () => {
    const world = new AgentWorld({
      script: [turn([{ type: "text", text: "x".repeat(40_000) }, askPeer("planner")]), answer("done")],
    });
    await world.deliver();
    await world.resume([{ callId: "h1", branches: [] }]);
    return world;
  };

  test("a turn whose blob is missing or altered ends the attempt as CheckpointLost, never silently", async () => {
    for (const damage of [(texts: Map<string, string>) => texts.clear(), altered]) {
      const world = await suspended();
      damage(world.blobs.texts);
      expect(await world.deliver("m2")).toBe("done");
      expect(world.failure()?.name).toBe("CheckpointLost");
      expect(world.record()).toMatchObject({ turns: 1, usage: { calls: 1 } });
      expect(world.model.requests).toHaveLength(1);
      expect(world.hints()).toHaveLength(2);
    }
  });

  test.each([
    ["cut", { message: { inline: '[{"type": "te' } }],
    ["of another shape", { message: { inline: '"x"' } }],
    ["without its usage", { usage: undefined }],
    ["without its snapshot", { snapshot: undefined }],
    ["with a broken snapshot", { snapshot: { inline: "{}" } }],
  ])("a turn that is %s is lost as well", async (_, damage) => {
    const world = await suspended();
    const item = world.store.items().find(({ sk }) => sk === "TURN#0001");
    world.store.force({ ...item, ...damage } as never);
    await world.deliver("m2");
    expect(world.failure()?.name).toBe("CheckpointLost");
  });

  test("a turn that is missing between others is lost too", async () => {
    const world = await suspended();
    const item = world.store.items().find(({ sk }) => sk === "TURN#0001");
    world.store.force({ ...item, sk: "TURN#0003", n: 3 } as never);
    await world.deliver("m2");
    expect(world.failure()?.name).toBe("CheckpointLost");
  });
});

const altered = (texts: Map<string, string>): void => {
  for (const [ref, text] of texts) texts.set(ref, `${text} `);
};
