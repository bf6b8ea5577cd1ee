import { describe, expect, test } from "vitest";
import type { AgentPorts } from "../../../../functions/shared/agent/agent-ports.ts";
import {
  type Claimed,
  claimTask,
  type Held,
  releaseClaim,
} from "../../../../functions/shared/agent/claim.ts";
import { LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import { LOCAL_TIMES } from "../../../../functions/shared/contracts/protocol-times.ts";
import { taskKey } from "../../../../functions/shared/contracts/resources.ts";
import { RetryableError } from "../../../../functions/shared/kernel/errors.ts";
import type { Store } from "../../../../functions/shared/ports/store.ts";
import { silentLog } from "../../../support/memory-ports.ts";
import { AgentWorld, EXECUTION, TASK } from "./agent-world.ts";

const { leaseMs, stealMarginMs } = LOCAL_TIMES;

/** The ports that a claim needs; `update` writes in another way than the world's store. */
const portsOf = (world: AgentWorld, update?: Store["update"]): AgentPorts => {
  const store: Pick<Store, "list" | "update"> = {
    list: (pk, prefix) => world.store.list(pk, prefix),
    update: update ?? ((key, change) => world.store.update(key, change)),
  };
  const error = (message: string, fields: object = {}) => void world.logged.push({ message, fields });
  const { random, clock } = world;
  return { store, random, clock, times: LOCAL_TIMES, log: { ...silentLog, error } } as unknown as AgentPorts;
};

const claim = (
  world: AgentWorld,
  ports = portsOf(world),
  messageId = "m1",
  taskId = TASK,
): Promise<Claimed> => claimTask(ports, "coder", taskId, world.delivery(messageId));

const held = (claimed: Claimed): Held => {
  if (claimed.kind !== "held") throw new Error(`the task was not claimed: ${claimed.kind}`);
  return claimed.held;
};

describe("a claim (P7)", () => {
  test("holds the record as it is stored now, and the first is no takeover", async () => {
    const world = new AgentWorld();
    const first = held(await claim(world));
    expect(first.task.record).toEqual(world.record());
    expect(first).toMatchObject({
      epoch: 2,
      owner: expect.stringMatching(/^coder-[0-9a-f]{24}$/),
      leaseUntil: world.clock.now() + leaseMs,
      isTakeover: false,
      isCrashLoop: false,
    });
  });

  test("of a lease that ran out is a takeover, and so is one whose write only looked failed", async () => {
    const world = new AgentWorld();
    await claim(world);
    world.clock.advance(leaseMs + stealMarginMs);
    expect(held(await claim(world))).toMatchObject({ epoch: 3, isTakeover: true });

    const unsure = new AgentWorld();
    const ports = portsOf(unsure, async (key, change) => {
      await unsure.store.update(key, change);
      throw new RetryableError("Internal", "connection reset");
    });
    expect(held(await claim(unsure, ports))).toMatchObject({
      epoch: 2,
      isTakeover: true,
      leaseUntil: unsure.clock.now() + leaseMs,
    });
  });

  test("that is applied is not read again", async () => {
    const world = new AgentWorld();
    await claim(world);
    expect(world.store.requests).toHaveLength(2);
  });

  test("that is refused every time gives up after its tries, and the message comes back", async () => {
    const world = new AgentWorld();
    let writes = 0;
    const ports = portsOf(world, async () => {
      writes += 1;
      return "refused";
    });
    expect(await claim(world, ports)).toEqual({ kind: "leave", verdict: { returnAfterSeconds: 1 } });
    expect(writes).toBe(LIMITS.commitTriesMax);
  });
});

describe("a task that was given back", () => {
  test("has no claim and a new version, and counts no crash when it is claimed again", async () => {
    const world = new AgentWorld();
    const ports = portsOf(world);
    const before = held(await claim(world, ports));
    expect(await releaseClaim(ports, before)).toBe("applied");
    expect(world.record()).not.toHaveProperty("claim");
    expect(world.record().version).toBe(before.task.record.version + 1);
    expect(held(await claim(world, ports))).toMatchObject({ isTakeover: false, epoch: 3 });
    expect(world.record().crashes).toBe(0);
  });

  test("is given back only by who holds it", async () => {
    const world = new AgentWorld();
    const ports = portsOf(world);
    const before = held(await claim(world, ports));
    world.clock.advance(leaseMs + stealMarginMs);
    await claim(world, ports);
    expect(await releaseClaim(ports, before)).toBe("refused");
    expect(world.record()).toHaveProperty("claim");
  });
});

describe("work that nobody can do is acknowledged and logged:", () => {
  test("a task that was never created", async () => {
    const world = new AgentWorld();
    const taskId = `${EXECUTION}.9`;
    expect(await claim(world, portsOf(world), "m1", taskId)).toEqual({ kind: "leave", verdict: "done" });
    expect(world.logged).toEqual([{ message: "no such task", fields: { code: "ORPHAN_WORK", taskId } }]);
  });

  test("a record that cannot be read", async () => {
    const world = new AgentWorld();
    world.store.force({ ...taskKey("coder", TASK), status: "SCHEDULED", version: "of the future" });
    expect(await claim(world)).toEqual({ kind: "leave", verdict: "done" });
    expect(world.logged).toEqual([
      { message: "no such task", fields: { code: "RECORD_UNREADABLE", taskId: TASK } },
    ]);
  });
});
