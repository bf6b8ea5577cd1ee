import { describe, expect, test } from "vitest";
import { LOCAL_TIMES } from "../../../../functions/shared/contracts/protocol-times.ts";
import type { ItemKey } from "../../../../functions/shared/contracts/resources.ts";
import { permitKey } from "../../../../functions/shared/contracts/resources.ts";
import { RetryableError } from "../../../../functions/shared/kernel/errors.ts";
import type { Change, Written } from "../../../../functions/shared/ports/store.ts";
import { MemoryStore } from "../../../support/memory-ports.ts";
import { AgentWorld, answer, askPeer, call, EXECUTION, hang, turn } from "./agent-world.ts";

const { leaseMs, stealMarginMs } = LOCAL_TIMES;

/** Begins a delivery that ends in a hanging model call, as a killed function would leave it. */
const dieInModelCall = async (world: AgentWorld, messageId = "m1"): Promise<void> => {
  const model = {
    contextTokens: 130_000,
    estimate: () => world.model.estimate(),
    call: () => new Promise<never>(() => {}),
  };
  void world.agent({ model }).handle(world.delivery(messageId), world.invocation);
  await world.rounds();
};

/** The claim of an owner that is gone: no heartbeat renews it. */
const abandonedClaim = (world: AgentWorld, messageId: string) => ({
  owner: "coder-gone",
  leaseUntil: world.clock.now() + leaseMs,
  messageId,
});

describe("claims (P7)", () => {
  test("a claim raises the epoch and names its owner, lease and message", async () => {
    const world = new AgentWorld();
    await dieInModelCall(world, "m7");
    expect(world.record()).toMatchObject({
      epoch: 2,
      version: 2,
      claim: { leaseUntil: world.clock.now() + leaseMs, messageId: "m7" },
    });
  });

  test("a lease is stolen only after it has run out by the margin", async () => {
    const world = new AgentWorld();
    world.forceRecord({ claim: abandonedClaim(world, "m0") });
    world.clock.advance(leaseMs + stealMarginMs - 1);
    expect(await world.agent().handle(world.delivery("m1"), world.invocation)).toBe("done");
    expect(world.record().epoch).toBe(1);
    world.clock.advance(1);
    expect(await world.deliver("m2")).toBe("done");
    expect(world.record()).toMatchObject({ status: "SUCCEEDED", epoch: 2 });
  });

  test("the owner's own message comes back when its lease can be stolen, a copy is acknowledged (P13)", async () => {
    const world = new AgentWorld();
    world.forceRecord({ claim: abandonedClaim(world, "m1") });
    world.clock.advance(1_200);
    expect(await world.deliver("copy")).toBe("done");
    expect(await world.deliver("m1")).toEqual({ returnAfterSeconds: 4 }); // 4,000 + 500 - 1,200 ms, rounded up
    expect(world.model.requests).toEqual([]);
  });

  test("a claim that was applied but reported refused is recognised by its owner", async () => {
    const store = new LyingStore("TASK", "refused");
    const world = new AgentWorld();
    for (const item of world.store.items()) store.force(item);
    await world.deliver("m1", world.agent({ store }));
    expect(store.lies).toBe(1);
    expect(store.items().find((item) => item.sk === "TASK")).toMatchObject({ status: "SUCCEEDED", epoch: 2 });
    expect(world.model.requests).toHaveLength(1);
  });

  test("a claim that was applied but failed on its way is recognised by its owner", async () => {
    const store = new LyingStore("TASK", "thrown");
    const world = new AgentWorld();
    for (const item of world.store.items()) store.force(item);
    await world.deliver("m1", world.agent({ store }));
    expect(store.items().find((item) => item.sk === "TASK")).toMatchObject({ status: "SUCCEEDED", epoch: 2 });
  });

  test("two functions that race for one task: one works, the other acknowledges", async () => {
    const world = new AgentWorld();
    const verdicts = await world.settle(
      Promise.all(["m1", "m2"].map((id) => world.agent().handle(world.delivery(id), world.invocation))),
    );
    expect(verdicts).toEqual(["done", "done"]);
    expect(world.model.requests).toHaveLength(1);
    expect(world.record()).toMatchObject({ status: "SUCCEEDED", epoch: 2 });
  });

  test("the sixth takeover without progress ends the attempt as CrashLoop", async () => {
    const world = new AgentWorld();
    for (let n = 1; n <= 6; n++) {
      await dieInModelCall(world, `m${n}`);
      expect(world.record()).toMatchObject({ crashes: n - 1 });
      world.forceRecord({ claim: { ...abandonedClaim(world, `m${n}`), leaseUntil: 0 } });
      world.forcePermit({ open: {} });
    }
    expect(await world.deliver("m7")).toBe("done");
    expect(world.failure()?.name).toBe("CrashLoop");
    expect(world.model.requests).toEqual([]);
  });

  test("progress, a continuation and a new attempt start the count anew", async () => {
    const world = new AgentWorld({ script: [turn([call("list_files", {})]), answer("ok")] });
    await dieInModelCall(world);
    world.forceRecord({ crashes: 5, claim: { ...abandonedClaim(world, "m1"), leaseUntil: 0 }, attempt: 2 });
    await world.remaining(100_000).deliver("m2");
    expect(world.record().crashes).toBe(0);
    world.forceRecord({ crashes: 5 });
    await world.remaining(900_000).deliver("m3");
    expect(world.record()).toMatchObject({ status: "SUCCEEDED", crashes: 0 });
  });
});

describe("ended records (P8)", () => {
  test.each(["SUCCEEDED", "FAILED"] as const)(
    "a delivery that finds the task %s tells again",
    async (status) => {
      const world = new AgentWorld({ script: [status === "SUCCEEDED" ? answer("a") : turn([], "end_turn")] });
      await world.deliver();
      expect(world.record().status).toBe(status);
      expect(await world.deliver()).toBe("done");
      expect(world.hints()).toHaveLength(2);
      expect(world.model.requests).toHaveLength(1);
    },
  );

  test("a delivery that finds the task suspended tells again", async () => {
    const world = new AgentWorld({ script: [turn([askPeer("planner")])] });
    await world.deliver();
    expect(await world.deliver()).toBe("done");
    expect(world.hints()).toHaveLength(2);
    expect(world.record().status).toBe("SUSPENDED");
  });

  test("when telling fails, the message comes back soon and tells again", async () => {
    const world = new AgentWorld();
    const queues = Object.assign(Object.create(world.queues), {
      sendHint: () => Promise.reject(new RetryableError("Internal", "the queue is away")),
    });
    expect(await world.deliver("m1", world.agent({ queues }))).toEqual({ returnAfterSeconds: 1 });
    expect(world.hints()).toEqual([]);
    expect(await world.deliver()).toBe("done");
    expect(world.hints()).toHaveLength(1);
  });

  test("the worker of attempt 1 finishes after attempt 2 was scheduled: nothing changes, it is logged, nobody is told [bad-input 38]", async () => {
    let finish = (): void => {};
    const slow = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const world = new AgentWorld({ script: [async () => slow.then(() => answer("too late"))] });
    const late = world.agent().handle(world.delivery("m1"), world.invocation);
    await world.rounds();
    const scheduled = { status: "SCHEDULED", attempt: 2, epoch: 4, version: 9, claim: undefined };
    world.forceRecord(scheduled);
    const before = JSON.stringify(world.record());
    finish();
    expect(await world.settle(late)).toEqual({ returnAfterSeconds: 1 });
    expect(JSON.stringify(world.record())).toBe(before);
    expect(world.hints()).toEqual([]);
    expect(world.logged.map(({ message }) => message)).toContain("outcome refused: the record is not ours");
  });
});

describe("heartbeat", () => {
  test("renews the lease and hides the message, at every beat, while the model works", async () => {
    let finish = (): void => {};
    const slow = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const world = new AgentWorld({ script: [async () => slow.then(() => answer("after a while"))] });
    const handled = world.agent().handle(world.delivery("m1"), world.invocation);
    for (let beat = 1; beat <= 20; beat++) {
      await world.rounds();
      world.clock.advance(LOCAL_TIMES.beatMs);
      await world.rounds();
      const { claim } = world.record() as { claim?: { leaseUntil: number } };
      expect(claim?.leaseUntil).toBe(world.clock.now() + leaseMs);
    }
    expect(world.queues.hidden).toHaveLength(20);
    expect(world.queues.hidden[0]).toEqual({ receiptHandle: "receipt-m1", seconds: 5 });
    finish();
    expect(await world.settle(handled)).toBe("done");
    expect(world.record().status).toBe("SUCCEEDED");
  });

  test.each(["execution", "task"] as const)(
    "a stop of the %s aborts the model call within a beat (P3)",
    async (scope) => {
      const world = new AgentWorld({ script: [hang] });
      const handled = world.agent().handle(world.delivery("m1"), world.invocation);
      await world.rounds();
      await world.stop(scope, "sibling failed");
      world.clock.advance(LOCAL_TIMES.beatMs);
      await world.rounds();
      expect(await handled).toBe("done");
      expect(world.failure()).toEqual({ name: "Aborted", message: "stopped: sibling failed" });
      // What the aborted call cost is not known, so its estimate stays spent.
      expect(world.permit()).toMatchObject({ committedTokens: 1_000, open: {} });
      expect(world.hints()).toHaveLength(1);
    },
  );

  test("a lost claim aborts everything, and nothing is told", async () => {
    const world = new AgentWorld({ script: [hang] });
    const handled = world.agent().handle(world.delivery("m1"), world.invocation);
    await world.rounds();
    world.forceRecord({ epoch: 3, version: 3, claim: abandonedClaim(world, "m2") });
    world.clock.advance(LOCAL_TIMES.beatMs);
    expect(await world.settle(handled)).toEqual({ returnAfterSeconds: 1 });
    expect(world.record()).toMatchObject({ status: "SCHEDULED", epoch: 3 });
    expect(world.hints()).toEqual([]);
  });

  test("when the lease cannot be renewed until it has run out, the work ends", async () => {
    const world = new AgentWorld({ script: [hang] });
    const store = new LyingStore("TASK", "never");
    for (const item of world.store.items()) store.force(item);
    const handled = world.agent({ store }).handle(world.delivery("m1"), world.invocation);
    await world.rounds();
    store.isAway = true;
    expect(await world.settle(handled, LOCAL_TIMES.beatMs)).toEqual({ returnAfterSeconds: 1 });
    expect(world.clock.now()).toBeLessThan(1_700_000_000_000 + leaseMs + 3 * LOCAL_TIMES.beatMs);
  });

  test("a store that is away for a moment changes nothing", async () => {
    let finish = (): void => {};
    const slow = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const world = new AgentWorld({ script: [async () => slow.then(() => answer("ok"))] });
    const store = new LyingStore("TASK", "never");
    for (const item of world.store.items()) store.force(item);
    const handled = world.agent({ store }).handle(world.delivery("m1"), world.invocation);
    await world.rounds();
    store.isAway = true;
    world.clock.advance(LOCAL_TIMES.beatMs);
    await world.rounds();
    store.isAway = false;
    finish();
    expect(await world.settle(handled)).toBe("done");
    expect(store.items().find((item) => item.sk === "TASK")).toMatchObject({ status: "SUCCEEDED" });
  });
});

test("a store that is away before the claim returns the message", async () => {
  const world = new AgentWorld();
  const store = new LyingStore("TASK", "never");
  store.isAway = true;
  expect(await world.deliver("m1", world.agent({ store }))).toEqual({ returnAfterSeconds: 5 });
});

test("a permit that cannot be read ends the attempt, and nothing is paid", async () => {
  const world = new AgentWorld();
  world.store.force({ ...permitKey(EXECUTION), tenant: "default" });
  await world.deliver();
  expect(world.model.requests).toEqual([]);
  expect(world.record().status).not.toBe("SUCCEEDED");
});

/** Applies the first update of one kind of item and says that it did not; or is away altogether. */
class LyingStore extends MemoryStore {
  lies = 0;
  isAway = false;
  readonly #sk: string;
  readonly #how: "refused" | "thrown" | "never";

  constructor(sk: string, how: "refused" | "thrown" | "never") {
    super();
    this.#sk = sk;
    this.#how = how;
  }

  override async get(key: ItemKey) {
    this.#check();
    return super.get(key);
  }

  override async list(pk: string, prefix?: string) {
    this.#check();
    return super.list(pk, prefix);
  }

  override async update(key: ItemKey, change: Change): Promise<Written> {
    this.#check();
    const written = await super.update(key, change);
    if (key.sk !== this.#sk || this.lies > 0 || this.#how === "never") return written;
    this.lies += 1;
    if (this.#how === "thrown") throw new RetryableError("Internal", "connection reset");
    return "refused";
  }

  #check(): void {
    if (this.isAway) throw new RetryableError("Internal", "the store is away");
  }
}
