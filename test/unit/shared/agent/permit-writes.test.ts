import { describe, expect, test } from "vitest";
import { type Caps as AllCaps, spentByAgent } from "../../../../functions/shared/agent/budget.ts";
import { roomFor } from "../../../../functions/shared/agent/budget-room.ts";
import { TaskPermit } from "../../../../functions/shared/agent/permit.ts";
import { amountsOf, paidFor, settlementOf } from "../../../../functions/shared/agent/spending.ts";
import { DEFAULT_EXECUTION_LIMITS, LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import type { Permit, Reservation } from "../../../../functions/shared/contracts/permit.ts";
import { permitKey } from "../../../../functions/shared/contracts/resources.ts";
import { RetryableError } from "../../../../functions/shared/kernel/errors.ts";
import type { Store } from "../../../../functions/shared/ports/store.ts";
import { AgentWorld, ESTIMATE, EXECUTION, TASK, usageOf } from "./agent-world.ts";

type Caps = AllCaps["execution"];
const capsOf = (execution: Partial<Caps> = {}): AllCaps => ({
  execution: { ...DEFAULT_EXECUTION_LIMITS, ...execution },
  agent: "coder",
  own: {},
});
const NOW = 1_700_000_000_000;

interface Owner {
  readonly epoch?: number;
  readonly isTakeover?: boolean;
  readonly caps?: Partial<Caps>;
  readonly store?: Store;
}

const permitOf = (world: AgentWorld, owner: Owner = {}): TaskPermit => {
  const { epoch = 2, isTakeover = false, caps, store = world.store } = owner;
  const { clock } = world;
  return new TaskPermit({
    store,
    clock,
    taskId: TASK,
    epoch,
    isTakeover,
    caps: capsOf(caps),
    turns: () => [],
  });
};

/** The world's store, as far as a permit asks it, with another way to write. */
const storeThat = (world: AgentWorld, update: Store["update"]): Store =>
  ({ get: (key: Parameters<Store["get"]>[0]) => world.store.get(key), update }) as Store;

const reservation = (change: Partial<Reservation> = {}): Reservation => ({
  id: "9.1.1",
  agent: "coder",
  epoch: 9,
  at: NOW,
  tokens: 800,
  microUsd: 800,
  ...change,
});
const committed = (tokens: number, calls: number, microUsd: number): Partial<Permit> => ({
  committedTokens: tokens,
  committedCalls: calls,
  committedMicroUsd: microUsd,
});

describe("a reservation", () => {
  test.each<[string, Partial<Caps>, Partial<Permit>]>([
    ["tokens", { tokens: 1_500 }, committed(500, 0, 0)],
    ["calls", { calls: 4 }, committed(0, 3, 0)],
    ["dollars", { microUsd: 1_500 }, committed(0, 0, 500)],
  ])("may use the budget of %s up, and may not pass it by one", async (_, caps, spent) => {
    const world = new AgentWorld();
    world.forcePermit(spent);
    expect((await permitOf(world, { caps }).reserve(1, 1, ESTIMATE)).kind).toBe("reserved");

    const full = new AgentWorld();
    const [[name, amount] = ["", 0]] = Object.entries(spent).filter(([, value]) => value !== 0);
    full.forcePermit({ ...spent, [name]: Number(amount) + 1 });
    expect((await permitOf(full, { caps }).reserve(1, 1, ESTIMATE)).kind).toBe("exceeded");
    expect(full.permit()).toMatchObject({ open: {}, epochs: {} });
  });

  test("asks for no dollars where there is no dollar budget, and counts them all the same", async () => {
    const world = new AgentWorld();
    world.forcePermit(committed(0, 0, 900_000_000));
    const permit = permitOf(world, { caps: { microUsd: null } });
    expect(await permit.reserve(1, 1, ESTIMATE)).toEqual({ kind: "reserved" });
    expect(world.permit().committedMicroUsd).toBe(900_001_000);
    expect(await permit.reserve(2, 1, { tokens: 1, microUsd: null })).toEqual({ kind: "reserved" });
  });

  test("of a model without a price is refused under a dollar budget, without a write", async () => {
    const world = new AgentWorld();
    expect(await permitOf(world).reserve(1, 1, { tokens: 1, microUsd: null })).toMatchObject({
      kind: "exceeded",
      message: expect.stringContaining("price"),
    });
    expect(world.permit()).toMatchObject(committed(0, 0, 0));
  });

  test("says which try it is, whose and when", async () => {
    const world = new AgentWorld();
    await permitOf(world, { epoch: 4 }).reserve(3, 2, ESTIMATE);
    expect(world.permit().open["1"]).toEqual({
      id: "4.3.2",
      agent: "coder",
      epoch: 4,
      at: world.clock.now(),
      ...ESTIMATE,
    });
  });

  test("settles the one before it in the same write", async () => {
    const world = new AgentWorld();
    const permit = permitOf(world);
    await permit.reserve(1, 1, ESTIMATE);
    permit.spent(usageOf(70, 30));
    await permit.reserve(2, 1, ESTIMATE);
    expect(world.store.requests).toHaveLength(2);
    expect(world.permit()).toMatchObject({ ...committed(1_100, 2, 1_100), open: { "1": { id: "2.2.1" } } });
  });

  test("settles no more than what is its own when the one before it is gone", async () => {
    const world = new AgentWorld();
    const permit = permitOf(world);
    await permit.reserve(1, 1, ESTIMATE);
    permit.spent(usageOf(70, 30));
    world.forcePermit({ open: {} });
    expect(await permit.reserve(2, 1, ESTIMATE)).toEqual({ kind: "reserved" });
    expect(world.permit()).toMatchObject(committed(2_000, 2, 2_000));
  });

  test("is fenced by a successor that has reserved, or that has only been seen", async () => {
    const reserved = new AgentWorld();
    reserved.forcePermit({ open: { "1": reservation({ epoch: 3 }) } });
    expect(await permitOf(reserved).reserve(1, 1, ESTIMATE)).toEqual({ kind: "fenced" });
    const seen = new AgentWorld();
    seen.forcePermit({ epochs: { "1": 3 } });
    expect(await permitOf(seen).reserve(1, 1, ESTIMATE)).toEqual({ kind: "fenced" });
    expect(await permitOf(seen, { epoch: 3 }).reserve(1, 1, ESTIMATE)).toEqual({ kind: "reserved" });
  });

  test("is not stopped by a stop of another task", async () => {
    const world = new AgentWorld();
    world.forcePermit({ stops: { "2": { at: 0, cause: "enough" } } });
    const permit = permitOf(world);
    expect(await permit.stopCause()).toBeUndefined();
    expect(await permit.reserve(1, 1, ESTIMATE)).toEqual({ kind: "reserved" });
  });

  test("that is refused again and again for no reason waits", async () => {
    const world = new AgentWorld();
    const store = storeThat(world, async () => "refused");
    expect(await permitOf(world, { store }).reserve(1, 1, ESTIMATE)).toEqual({ kind: "wait" });
  });
});

describe("settling", () => {
  test("needs a reservation that was made", () => {
    expect(() => permitOf(new AgentWorld()).spent(usageOf(1, 1))).toThrow("only a reserved call");
  });

  test("without anything open writes nothing", async () => {
    const world = new AgentWorld();
    const permit = permitOf(world);
    await permit.settle();
    await permit.reserve(1, 1, ESTIMATE);
    await permit.settle();
    const { length } = world.store.requests;
    await permit.settle();
    expect(world.store.requests).toHaveLength(length);
  });

  test("a call that nobody knows the cost of leaves its estimate (M3)", async () => {
    const world = new AgentWorld();
    const permit = permitOf(world);
    await permit.reserve(1, 1, ESTIMATE);
    await permit.settle();
    expect(world.permit()).toMatchObject({ ...committed(1_000, 1, 1_000), open: {} });
  });

  test.each([true, false])(
    "a write that failed on its way is written again; applied: %s (M2)",
    async (applied) => {
      const world = new AgentWorld();
      let failures = 0;
      const store = storeThat(world, async (...write) => {
        const isSettling = write[1].remove !== undefined;
        if (!isSettling || failures > 0) return world.store.update(...write);
        failures += 1;
        if (applied) await world.store.update(...write);
        throw new RetryableError("Internal", "connection reset");
      });
      const permit = permitOf(world, { store });
      await permit.reserve(1, 1, ESTIMATE);
      permit.spent(usageOf(70, 30));
      await permit.settle();
      expect(failures).toBe(1);
      expect(world.permit()).toMatchObject({ ...committed(100, 1, 100), open: {} });
    },
  );

  test("leaves alone what a successor has reserved", async () => {
    const world = new AgentWorld();
    world.forcePermit({ open: { "1": reservation({ epoch: 3 }) } });
    const permit = permitOf(world, { epoch: 2 });
    await permit.settleLeftover(await permit.read());
    expect(world.permit().open).toHaveProperty("1");
  });
});

describe("the fence (P5)", () => {
  test("is raised once", async () => {
    const world = new AgentWorld();
    const permit = permitOf(world, { isTakeover: true });
    expect(await permit.fence()).toBe(true);
    const { length } = world.store.requests;
    expect(await permit.fence()).toBe(true);
    expect(world.store.requests).toHaveLength(length);
  });

  test("is raised by a reservation too", async () => {
    const world = new AgentWorld();
    const permit = permitOf(world, { isTakeover: true });
    await permit.reserve(1, 1, ESTIMATE);
    const { length } = world.store.requests;
    expect(await permit.fence()).toBe(true);
    expect(world.store.requests).toHaveLength(length);
  });

  test("was raised, when the write only looked failed", async () => {
    const world = new AgentWorld();
    const store = storeThat(world, async (...write) => {
      await world.store.update(...write);
      throw new RetryableError("Internal", "connection reset");
    });
    expect(await permitOf(world, { epoch: 5, isTakeover: true, store }).fence()).toBe(true);
    expect(world.permit().epochs).toEqual({ "1": 5 });
  });

  test("of a predecessor does not move, and settles nothing of its successor's", async () => {
    const world = new AgentWorld();
    world.forcePermit({ epochs: { "1": 5 }, open: { "1": reservation({ epoch: 5 }) } });
    expect(await permitOf(world, { epoch: 4, isTakeover: true }).fence()).toBe(false);
    expect(world.permit()).toMatchObject({ epochs: { "1": 5 }, open: { "1": { epoch: 5 } } });
  });
});

test("a permit that is damaged is named StateUnreadable", async () => {
  const world = new AgentWorld();
  world.store.force({ ...permitKey(EXECUTION), tenant: "default" });
  await expect(permitOf(world).stopCause()).rejects.toMatchObject({
    name: "StateUnreadable",
    message: expect.stringContaining("permit"),
  });
});

describe("room", () => {
  const roomIn = (caps: Partial<Caps>, permit: Partial<Permit>, need = ESTIMATE) =>
    roomFor(need, { ...new AgentWorld().permit(), ...permit }, capsOf(caps), NOW);

  test("is enough up to the cap itself", () => {
    const caps = { tokens: 1_500, calls: 2, microUsd: 1_500 };
    expect(roomIn(caps, committed(500, 1, 500))).toMatchObject({ kind: "scarce" });
    for (const [unit, over] of [
      ["tokens", committed(501, 1, 500)],
      ["model calls", committed(500, 2, 500)],
      ["budget is $0.0015", committed(500, 1, 501)],
    ] as const) {
      expect(roomIn(caps, over)).toMatchObject({ kind: "exceeded", message: expect.stringContaining(unit) });
    }
  });

  test("counts the open reservations of all tasks as money that may come back, in each unit", () => {
    const open = { "2": reservation(), "3": reservation({ microUsd: 100 }) };
    expect(roomIn({ tokens: 1_500 }, { ...committed(2_100, 2, 0), open })).toEqual({ kind: "wait" });
    expect(roomIn({ tokens: 1_500 }, { ...committed(2_101, 2, 0), open }).kind).toBe("exceeded");
    expect(roomIn({ microUsd: 1_500 }, { ...committed(0, 2, 1_400), open })).toEqual({ kind: "wait" });
    expect(roomIn({ microUsd: 1_500 }, { ...committed(0, 2, 1_401), open }).kind).toBe("exceeded");
  });

  test("in an agent's own budget comes back from its own reservations and from nobody else's", () => {
    const kindBeside = (agent: string) => {
      const open = { "2": reservation({ agent }) };
      const permit = { ...new AgentWorld().permit(), agentTokens: { coder: 1_300 }, open };
      return roomFor(ESTIMATE, permit, { ...capsOf(), own: { tokens: 1_500 } }, NOW).kind;
    };
    expect(kindBeside("coder")).toBe("wait");
    expect(kindBeside("critic")).toBe("exceeded");
  });

  test("for calls does not come back: a call that was reserved was made", () => {
    const open = { "2": reservation(), "3": reservation() };
    expect(roomIn({ calls: 4 }, { ...committed(0, 4, 0), open }).kind).toBe("exceeded");
  });

  test("for a model without a price is in no dollar budget, be it the agent's own", async () => {
    const unpriced = { tokens: 1, microUsd: null };
    const caps = { ...capsOf({ microUsd: null }), own: { microUsd: 10 } };
    const world = new AgentWorld();
    expect(roomFor(unpriced, world.permit(), caps, NOW)).toMatchObject({ kind: "exceeded" });
    const { store, clock } = world;
    const owner = { store, clock, taskId: TASK, epoch: 2, isTakeover: false, turns: () => [] };
    const reserved = await new TaskPermit({ ...owner, caps }).reserve(1, 1, unpriced);
    expect(reserved).toMatchObject({ kind: "exceeded" });
  });
});

test("what an agent has spent leaves out what it has reserved, unless that is too old to be given back", () => {
  const spentBeside = (at: number) => {
    const permit = { ...new AgentWorld().permit(), agentTokens: { coder: 1_000 } };
    return spentByAgent({ ...permit, open: { "2": reservation({ at }) } }, NOW)[0]?.tokens;
  };
  expect(spentBeside(NOW)).toBe(200);
  expect(spentBeside(NOW - LIMITS.reservationMsMax)).toBe(1_000);
});

test("a turn paid for its own reservations and for no other's", () => {
  expect(paidFor("2.1.1", { epoch: 2, n: 1 })).toBe(true);
  expect(paidFor("2.1.3", { epoch: 2, n: 1 })).toBe(true);
  for (const other of ["2.11.1", "12.1.1", "2.2.1", "1.2.1"]) {
    expect(paidFor(other, { epoch: 2, n: 1 })).toBe(false);
  }
});

test("what was settled and what was reserved differ by the estimate's error, in tokens and in dollars", () => {
  const reserved = amountsOf({ tokens: 1_000, microUsd: 400 });
  expect(settlementOf(reserved, usageOf(70, 30))).toEqual({ tokens: -900, calls: 0, microUsd: -300 });
  expect(settlementOf(reserved, { ...usageOf(70, 30), microUsd: null })).toEqual({
    tokens: -900,
    calls: 0,
    microUsd: 0,
  });
  expect(settlementOf(reserved, "presumed")).toEqual({ tokens: 0, calls: 0, microUsd: 0 });
  expect(amountsOf({ tokens: 5, microUsd: null })).toEqual({ tokens: 5, calls: 1, microUsd: 0 });
});
