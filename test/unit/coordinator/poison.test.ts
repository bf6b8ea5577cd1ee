import { expect, test } from "vitest";
import { ExecutionState } from "../../../functions/shared/contracts/execution-state.ts";
import type { Item } from "../../../functions/shared/contracts/item.ts";
import { openShard } from "../../../functions/shared/contracts/resources.ts";
import { decodeState } from "../../../functions/shared/contracts/stored-execution.ts";
import { EXECUTION_ID, parallel, signatureOf } from "../../support/given.ts";
import { intercepted, Rig } from "./rig.ts";

const UNREADABLE_MARKS: ReadonlyArray<readonly [string, Record<string, unknown>]> = [
  ["a body that is not JSON", { body: '{"schema":1,' }],
  ["a body of a newer schema", { body: JSON.stringify({ schema: 2, later: true }) }],
  ["a body that is gone", { body: undefined }],
  ["a body of another kind", { body: 7 }],
  ["events that are not events", { events: '[{"n":"one"}]' }],
  ["an outbox that is no map", { outbox: "nothing" }],
  [
    "an outbox entry that is no command",
    { outbox: { "2.0": { id: "2.0", at: 1, command: { type: "Dance" } } } },
  ],
  ["a version that is no number", { version: "three" }],
];

const begun = async (): Promise<Rig> => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  await rig.suspend("coder", 1, [parallel("planner", "critic")]);
  await rig.look(1);
  return rig;
};

test.each(UNREADABLE_MARKS)(
  "P16 [bad-input 41] %s fails the execution as StateUnreadable, once, and nobody looks again",
  async (_what, damage) => {
    const rig = await begun();
    rig.store.force({ ...((await rig.stateItem()) as Item), ...damage });
    expect(await rig.deliver([{ v: 1, kind: "look", executionId: EXECUTION_ID }])).toEqual(["done"]);

    const { state, outbox, events, nextCheckAt } = await rig.stored();
    expect(state).toMatchObject({ status: "FAILED", failure: { name: "StateUnreadable" } });
    expect(ExecutionState.safeParse(state).success).toBe(true);
    expect(events.at(-1)?.type).toBe("ExecutionFailed");
    expect(outbox).toEqual([]);
    expect(nextCheckAt).toBeUndefined();
    expect(rig.permitItem()).toMatchObject({ stopped: { cause: "StateUnreadable" } });
    expect(await rig.store.due(openShard(EXECUTION_ID), Number.MAX_SAFE_INTEGER, 10)).toEqual([]);

    const after = rig.store.items();
    expect(await rig.look()).toBe("done");
    expect(rig.store.items()).toEqual(after);
  },
);

test("P16: what could still be read of a damaged execution is kept, the rest for people to see", async () => {
  const rig = await begun();
  const body = JSON.stringify({ schema: 9, agent: "planner", input: { inline: "the request" } });
  rig.store.force({ ...((await rig.stateItem()) as Item), body });
  await rig.deliver([{ v: 1, kind: "look", executionId: EXECUTION_ID }]);
  const { state, events } = await rig.stored();
  expect(state).toMatchObject({ agent: "planner", input: { inline: "the request" }, tenant: "default" });
  expect(events.map(({ n }) => n)).toEqual(events.map((_, index) => index + 1));
  expect(await rig.stateItem()).toMatchObject({ bodyBefore: body });
});

test("P16: a readable state whose events are not keeps its tasks and aborts the open ones", async () => {
  const rig = await begun();
  rig.store.force({ ...((await rig.stateItem()) as Item), events: "x" });
  await rig.deliver([{ v: 1, kind: "look", executionId: EXECUTION_ID }]);
  const { state, events } = await rig.stored();
  expect(state.tasks.map(({ status }) => status)).toEqual(["ABORTED", "ABORTED", "ABORTED"]);
  expect(events.map(signatureOf)).toEqual([
    "TaskAborted 1",
    "TaskAborted 2",
    "TaskAborted 3",
    "ExecutionFailed StateUnreadable",
  ]);
});

test("P16: an execution whose permit is gone fails as StateUnreadable", async () => {
  const rig = new Rig();
  await rig.accept();
  const store = { ...intercepted(rig.store, () => {}) };
  const withoutPermit = {
    ...store,
    getMany: async (keys: Parameters<typeof store.getMany>[0]) =>
      (await rig.store.getMany(keys)).map((item) => (item?.sk === "PERMIT" ? undefined : item)),
  };
  expect(await rig.look(undefined, { store: withoutPermit })).toBe("done");
  expect((await rig.stored()).state).toMatchObject({
    status: "FAILED",
    failure: { name: "StateUnreadable" },
  });
});

test("P15, P16: what has ended stays as it is, even if nobody can read it any more", async () => {
  const rig = await begun();
  const damaged = { ...((await rig.stateItem()) as Item), status: "SUCCEEDED", body: "gone" };
  rig.store.force(damaged);
  expect(await rig.deliver([{ v: 1, kind: "look", executionId: EXECUTION_ID }])).toEqual(["done"]);
  const { nextCheckAt: _nextCheckAt, openPk: _openPk, ...kept } = damaged as Item & Record<string, unknown>;
  expect(await rig.stateItem()).toEqual(kept);
  expect(decodeState(kept).ok).toBe(false);
});

test("P16: an ended execution leaves the index without commands: they are stops, and the purse is closed", async () => {
  const rig = await begun();
  const command = { type: "StopTasks", tasks: [2], cause: "over" };
  rig.store.force({
    ...((await rig.stateItem()) as Item),
    status: "ABORTED",
    body: "{",
    outbox: { "3.0": { id: "3.0", at: rig.now, command } },
  });
  expect(await rig.deliver([{ v: 1, kind: "look", executionId: EXECUTION_ID }])).toEqual(["done"]);
  expect(await rig.stateItem()).toMatchObject({ status: "ABORTED", outbox: {} });
  expect(await rig.stateItem()).not.toHaveProperty("nextCheckAt");
  expect(rig.permitItem()).toHaveProperty("stopped");
});

test("P16: a record that nobody can read fails its branch; the others go on", async () => {
  const rig = await begun();
  const item = rig.store.items().find(({ pk }) => pk.startsWith("TASK#planner")) as Item;
  rig.store.force({ ...item, status: "DANCING" });
  await rig.look(2);
  await rig.succeed("critic", 3, "the risks");
  await rig.look(3);
  expect(rig.record("coder", 1).answers?.results[0]?.branches).toMatchObject([
    { status: "failed", error: { name: "StateUnreadable" } },
    { status: "succeeded" },
  ]);
});

test("P16: a handler run that throws for the third time ends the execution as Internal", async () => {
  const rig = new Rig();
  await rig.accept();
  const queues = { sendWork: () => Promise.reject(new TypeError("no such queue")) };
  expect(await rig.look(undefined, { queues })).toMatchObject({ returnAfterSeconds: expect.any(Number) });
  expect((await rig.stored()).throws).toBe(1);
  rig.now += 100_000;
  expect(await rig.look(undefined, { queues })).toMatchObject({ returnAfterSeconds: expect.any(Number) });
  rig.now += 100_000;
  expect(await rig.look(undefined, { queues })).toBe("done");
  const { state, outbox, nextCheckAt } = await rig.stored();
  expect(state).toMatchObject({ status: "FAILED", failure: { name: "Internal" } });
  expect([outbox, nextCheckAt]).toEqual([[], undefined]);
  expect(rig.permitItem()).toMatchObject({ stopped: { cause: "Internal" } });
});

test("P16: a commit in between forgives the throws before it", async () => {
  const rig = new Rig();
  await rig.accept();
  const queues = { sendWork: () => Promise.reject(new TypeError("once")) };
  await rig.look(undefined, { queues });
  rig.now += 100_000;
  await rig.look(undefined, { queues });
  rig.now += 100_000;
  expect((await rig.stored()).throws).toBe(2);
  await rig.look();
  await rig.succeed("coder", 1, "done");
  await rig.look(1);
  expect(await rig.stored()).toMatchObject({ throws: 0, state: { status: "SUCCEEDED" } });
});

test("one execution of a batch that throws fails only its own messages", async () => {
  const rig = new Rig();
  await rig.accept();
  const other = `${EXECUTION_ID.slice(0, -1)}1`;
  const store = {
    ...intercepted(rig.store, () => {}),
    getMany: async (keys: readonly { pk: string; sk: string }[]) => {
      if (keys.some(({ pk }) => pk.includes(other))) throw new TypeError("odd");
      return rig.store.getMany(keys);
    },
  };
  const verdicts = await rig.deliver(
    [
      { v: 1, kind: "look", executionId: other },
      { v: 1, kind: "look", executionId: EXECUTION_ID },
    ],
    { store },
  );
  expect(verdicts).toEqual([{ returnAfterSeconds: expect.any(Number) }, "done"]);
});
