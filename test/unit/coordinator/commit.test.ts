import { describe, expect, test } from "vitest";
import { carryOut } from "../../../functions/coordinator/carry-out.ts";
import { commit, correctCheck, moveFullEvents } from "../../../functions/coordinator/commit.ts";
import type { Context, Decision } from "../../../functions/coordinator/core/draft.ts";
import { drainOutbox } from "../../../functions/coordinator/drain-outbox.ts";
import type { Command, OutboxEntry } from "../../../functions/shared/contracts/command.ts";
import type { HistoryEvent } from "../../../functions/shared/contracts/history-event.ts";
import { LIMITS } from "../../../functions/shared/contracts/limits.ts";
import { AWS_TIMES } from "../../../functions/shared/contracts/protocol-times.ts";
import { stateKey } from "../../../functions/shared/contracts/resources.ts";
import type { StoredExecution } from "../../../functions/shared/contracts/stored-execution.ts";
import { AGENTS, EXECUTION_ID, scheduleTask, stopExecution, stopTasks } from "../../support/given.ts";
import { intercepted, Rig } from "./rig.ts";

const { outboxCheckMs } = AWS_TIMES;

/** Coder has begun; nothing is left to be carried out. */
const begun = async (): Promise<Rig> => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  rig.queues.take();
  return rig;
};

const contextOf = (rig: Rig): Context => ({
  now: rig.now,
  agents: AGENTS,
  times: AWS_TIMES,
  outboxRoom: LIMITS.outboxMax,
});

const decisionOf = (stored: StoredExecution, change: Partial<Decision> = {}): Decision => ({
  state: stored.state,
  events: [],
  commands: [],
  postponed: false,
  ...change,
});

const entry = (command: Command, id = "9.0", at = 0): OutboxEntry => ({ id, at, command });

/** STATE with other attributes, as somebody else may have left it. */
const force = async (rig: Rig, attributes: object): Promise<StoredExecution> => {
  rig.store.force({ ...(await rig.stateItem()), ...attributes } as never);
  return rig.stored();
};

describe("P11: a commit", () => {
  test.each(["RUNNING", "ABORTED"] as const)(
    "with commands is looked at within the outbox's time, should its committer die; %s",
    async (status) => {
      const rig = await begun();
      const stored = await rig.stored();
      const decision = decisionOf(stored, {
        state: { ...stored.state, status },
        commands: [status === "RUNNING" ? scheduleTask(1) : stopExecution("enough")],
      });
      const committed = await commit(rig.ports(), stored, decision, contextOf(rig));
      expect(committed?.nextCheckAt).toBe(rig.now + outboxCheckMs);
      const item = await rig.stateItem();
      expect(item).toMatchObject({ nextCheckAt: rig.now + outboxCheckMs, openPk: expect.any(String) });
    },
  );

  test("that ends an execution for good takes it out of the index", async () => {
    const rig = await begun();
    const stored = await rig.stored();
    const state = { ...stored.state, status: "ABORTED" as const };
    await commit(rig.ports(), stored, decisionOf(stored, { state }), contextOf(rig));
    const item = await rig.stateItem();
    expect(item).not.toHaveProperty("nextCheckAt");
    expect(item).not.toHaveProperty("openPk");
  });

  test("of a state that has grown too large ends the execution, and says how large it was", async () => {
    const rig = await begun();
    const stored = await rig.stored();
    const state = { ...stored.state, input: { inline: "x".repeat(LIMITS.stateBytesMax) } };
    const committed = await commit(rig.ports(), stored, decisionOf(stored, { state }), contextOf(rig));
    expect(committed?.state).toMatchObject({
      status: "FAILED",
      failure: {
        name: "StateTooLarge",
        message: expect.stringContaining(`bytes of ${LIMITS.stateBytesMax}`),
      },
    });
  });
});

describe("P11: a look that changed nothing", () => {
  /** What `nextCheckAt` becomes when it was due in `ms`, after a look at an execution. */
  const corrected = async (rig: Rig, ms: number, change: Partial<Decision> = {}) => {
    const stored = await force(rig, { nextCheckAt: rig.now + ms });
    await correctCheck(rig.store, stored, decisionOf(stored, change), contextOf(rig));
    const item = await rig.stateItem();
    return typeof item?.["nextCheckAt"] === "number" ? item["nextCheckAt"] - rig.now : undefined;
  };

  test.each([-1, 0])("puts a check right that was due in %i ms", async (ms) => {
    expect(await corrected(await begun(), ms)).toBe(AWS_TIMES.resendMs);
  });

  test("leaves a check alone that is still to come", async () => {
    expect(await corrected(await begun(), 1)).toBe(1);
  });

  test("leaves a check alone that is due while something was postponed", async () => {
    expect(await corrected(await begun(), -7, { postponed: true })).toBe(-7);
  });

  test("takes an ended execution out of the index, once its outbox is empty", async () => {
    const ended = async (rig: Rig) => ({ ...(await rig.stored()).state, status: "ABORTED" as const });
    const rig = await begun();
    expect(await corrected(rig, 1_000, { state: await ended(rig) })).toBeUndefined();
    expect(await rig.stateItem()).not.toHaveProperty("openPk");
    const other = await begun();
    await force(other, { outbox: { "9.0": entry(stopExecution("enough")) } });
    expect(await corrected(other, -1, { state: await ended(other) })).toBe(outboxCheckMs);
  });

  test("does not touch the check of a commit that came in between", async () => {
    const rig = await begun();
    const seen = await force(rig, { nextCheckAt: rig.now });
    await force(rig, { version: seen.version + 1, nextCheckAt: rig.now - 3 });
    await correctCheck(rig.store, seen, decisionOf(seen), contextOf(rig));
    expect((await rig.stored()).nextCheckAt).toBe(rig.now - 3);
  });

  test("writes nothing to an execution that nobody need look at", async () => {
    const rig = await begun();
    const { nextCheckAt: _, ...stored } = await rig.stored();
    const state = { ...stored.state, status: "ABORTED" as const };
    const { length } = rig.store.requests;
    await correctCheck(
      rig.store,
      stored as StoredExecution,
      decisionOf(stored as StoredExecution, { state }),
      contextOf(rig),
    );
    expect(rig.store.requests).toHaveLength(length);
  });
});

test("P15: events move when STATE is full of them, and not one before", async () => {
  const rig = await begun();
  const { state } = await rig.stored();
  const events = Array.from(
    { length: LIMITS.eventsInStateMax },
    (_, index): HistoryEvent => ({ n: index + 1, at: 0, type: "TaskResumed", task: 1, k: 1 }),
  );
  expect(await moveFullEvents(rig.store, { state, events: events.slice(1) })).toEqual(events.slice(1));
  expect(await moveFullEvents(rig.store, { state, events: [] })).toEqual([]);
  const before = rig.store.items().length;
  expect(await moveFullEvents(rig.store, { state, events })).toEqual([]);
  expect(rig.store.items()).toHaveLength(before + 1);
  expect(rig.store.items().at(-1)).toMatchObject({
    events: JSON.stringify(events),
    expiresAt: state.expiresAt,
  });
});

describe("carrying out", () => {
  test("a delay goes with the message", async () => {
    const rig = await begun();
    const assignment = { stored: await rig.stored(), records: new Map() };
    await carryOut(rig.ports(), assignment, entry(scheduleTask(1, 1, 9)));
    expect(rig.queues.sent).toMatchObject([{ queue: "coder", delaySeconds: 9 }]);
  });

  test("P3: a stop of branches makes no PERMIT where there is none", async () => {
    const rig = new Rig();
    await rig.accept();
    const stored = await rig.stored();
    const elsewhere = { ...stored.state, executionId: "01J99999999999999999999999" };
    const assignment = { stored: { ...stored, state: elsewhere }, records: new Map() };
    const before = rig.store.items();
    await carryOut(rig.ports(), assignment, entry(stopTasks("enough", 2)));
    expect(rig.store.items()).toEqual(before);
  });

  test("P9: neighbours of one kind go out side by side from the first on", async () => {
    const rig = await begun();
    const stored = await force(rig, {
      outbox: { "9.0": entry(scheduleTask(1)), "9.1": entry(scheduleTask(1), "9.1") },
    });
    const steps: string[] = [];
    const queues = {
      sendWork: async () => {
        steps.push("send");
        await new Promise((resolve) => setImmediate(resolve));
        steps.push("sent");
      },
    };
    const assignment = { stored, records: new Map() };
    await drainOutbox(rig.ports({ queues }), assignment, stored.outbox);
    expect(steps).toEqual(["send", "send", "sent", "sent"]);
  });

  test("P9: a drain that comes late removes its entries, and leaves a later commit's check alone", async () => {
    const rig = await begun();
    const stored = await force(rig, {
      outbox: { "9.0": entry(stopExecution("enough")) },
      nextCheckAt: rig.now + outboxCheckMs,
    });
    await force(rig, { version: stored.version + 1, nextCheckAt: rig.now + 1 });
    await drainOutbox(rig.ports(), { stored, records: new Map() }, stored.outbox);
    expect(await rig.stored()).toMatchObject({ outbox: [], nextCheckAt: rig.now + 1 });
  });

  test("P11: a drain writes a check only where it differs", async () => {
    const rig = await begun();
    const nextCheckAt = rig.now + AWS_TIMES.resendMs;
    const stored = await force(rig, { outbox: { "9.0": entry(stopExecution("enough")) }, nextCheckAt });
    const versions: unknown[] = [];
    const store = Object.assign(
      intercepted(rig.store, () => {}),
      {
        update: (
          key: Parameters<Rig["store"]["update"]>[0],
          change: Parameters<Rig["store"]["update"]>[1],
        ) => {
          if (key.sk === stateKey(EXECUTION_ID).sk) versions.push(change.when);
          return rig.store.update(key, change);
        },
      },
    );
    await drainOutbox(rig.ports({ store }), { stored, records: new Map() }, stored.outbox);
    expect(versions).toEqual([[]]);
    expect((await rig.stored()).nextCheckAt).toBe(nextCheckAt);
  });
});
