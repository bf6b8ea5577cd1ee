import { expect, test } from "vitest";
import { carryOut } from "../../../functions/coordinator/carry-out.ts";
import { commit } from "../../../functions/coordinator/commit.ts";
import { drainOutbox } from "../../../functions/coordinator/drain-outbox.ts";
import type { Command, OutboxEntry } from "../../../functions/shared/contracts/command.ts";
import { LIMITS } from "../../../functions/shared/contracts/limits.ts";
import { AWS_TIMES } from "../../../functions/shared/contracts/protocol-times.ts";
import { stateKey, taskKey } from "../../../functions/shared/contracts/resources.ts";
import { RetryableError } from "../../../functions/shared/kernel/errors.ts";
import { AGENTS, EXECUTION_ID, parallel, START, scheduleTask } from "../../support/given.ts";
import { intercepted, Rig } from "./rig.ts";

const CLAIM = { owner: "coder-1", leaseUntil: START + 60_000, messageId: "m" };
const stop = (cause: string): Command => ({ type: "StopExecution", cause });
const entry = (command: Command, id = "9.0", at = START + 7): OutboxEntry => ({ id, at, command });

/** Coder has begun, and its first message is taken off the queue. */
const begun = async (): Promise<Rig> => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  rig.queues.take();
  return rig;
};

const perform = async (rig: Rig, command: Command): Promise<void> =>
  carryOut(rig.ports(), { stored: await rig.stored(), records: new Map() }, entry(command));

test("a stop of the execution is written into PERMIT with its cause and time, and the first one stays", async () => {
  const rig = await begun();
  await perform(rig, stop("the execution's deadline passed"));
  await perform(rig, stop("another cause"));
  expect(rig.permitItem()?.["stopped"]).toEqual({ at: START + 7, cause: "the execution's deadline passed" });
});

test("stops of many branches are written in portions that fit one request, and all arrive", async () => {
  const rig = await begun();
  const sizes: number[] = [];
  const tasks = Array.from({ length: 2 * LIMITS.outboxMax }, (_, index) => index + 1);
  const { store } = rig;
  const counting = Object.assign(
    intercepted(store, () => {}),
    {
      update: (key: Parameters<typeof store.update>[0], change: Parameters<typeof store.update>[1]) => {
        sizes.push(change.set?.length ?? 0);
        return store.update(key, change);
      },
    },
  );
  const assignment = { stored: await rig.stored(), records: new Map() };
  await carryOut(
    rig.ports({ store: counting }),
    assignment,
    entry({ type: "StopTasks", tasks, cause: "joined" }),
  );
  expect(sizes).toEqual([LIMITS.outboxMax, LIMITS.outboxMax]);
  const stops = rig.permitItem()?.["stops"] as Record<string, unknown>;
  expect(Object.keys(stops)).toEqual(tasks.map(String));
  expect(stops["7"]).toEqual({ at: START + 7, cause: "joined" });
});

test("a message sent anew is the work message, at once, and nothing but it", async () => {
  const rig = await begun();
  const before = rig.store.items();
  await perform(rig, { type: "SendWork", task: 1 });
  expect(rig.queues.sent).toEqual([
    { queue: "coder", message: { v: 1, kind: "work", taskId: `${EXECUTION_ID}.1` }, delaySeconds: 0 },
  ]);
  expect(rig.store.items()).toEqual(before);
});

test("P1, P14: a retry re-opens the record with a new epoch, without claim, failure or crashes, and after its delay", async () => {
  const rig = await begun();
  await rig.fail("coder", 1, "ModelUnavailable");
  const failed = rig.record("coder", 1);
  rig.store.force({ ...taskKey("coder", failed.taskId), ...failed, claim: CLAIM, crashes: 4 } as never);
  await rig.look(1);
  const { failure: _failure, ...kept } = failed as typeof failed & { failure: unknown };
  expect(rig.record("coder", 1)).toEqual({
    ...kept,
    status: "SCHEDULED",
    attempt: 2,
    epoch: failed.epoch + 1,
    version: failed.version + 1,
    crashes: 0,
  });
  const item = rig.store.items().find(({ pk, sk }) => pk.startsWith("TASK#coder") && sk === "TASK");
  expect(item).not.toHaveProperty("failure");
  expect(item).not.toHaveProperty("claim");
  const last = (await rig.history()).at(-1);
  const delaySeconds = last?.type === "TaskRetryScheduled" ? last.delaySeconds : undefined;
  expect(rig.queues.sent).toMatchObject([{ queue: "coder", delaySeconds }]);
});

test("P1: a resume gives the record its answers and a new epoch, and takes the old claim away", async () => {
  const rig = await begun();
  await rig.suspend("coder", 1, [parallel("planner", "critic")]);
  const suspended = rig.record("coder", 1);
  rig.store.force({ ...taskKey("coder", suspended.taskId), ...suspended, claim: CLAIM } as never);
  await rig.look(1);
  await rig.succeed("planner", 2, "the plan");
  await rig.succeed("critic", 3, "the risks");
  await rig.look(2);
  await rig.look(3);
  const item = rig.store.items().find(({ pk, sk }) => pk.startsWith("TASK#coder") && sk === "TASK");
  expect(item).not.toHaveProperty("claim");
  expect(item).toMatchObject({
    status: "SCHEDULED",
    epoch: suspended.epoch + 1,
    version: suspended.version + 1,
    answers: { k: 1 },
  });
});

/** STATE with these entries in its outbox, as a committer that died left it. */
const withOutbox = async (rig: Rig, commands: readonly Command[], throws = 0) => {
  const entries = commands.map((command, index) => entry(command, `9.${index}`));
  const item = (await rig.stateItem()) as never as Record<string, unknown>;
  rig.store.force({
    ...item,
    outbox: Object.fromEntries(entries.map((one) => [one.id, one])),
    throws,
  } as never);
  return { stored: await rig.stored(), entries };
};

test("P9: commands of one kind are carried out side by side, of another kind one after the other", async () => {
  const rig = await begun();
  const { stored, entries } = await withOutbox(rig, [
    stop("a"),
    scheduleTask(1),
    scheduleTask(1),
    { type: "StopTasks", tasks: [1], cause: "b" },
  ]);
  const steps: string[] = [];
  const store = intercepted(rig.store, (kind, key) => void steps.push(`${kind} ${key}`));
  const queues = {
    sendWork: async () => {
      steps.push("send");
      await Promise.resolve();
      steps.push("sent");
    },
  };
  await drainOutbox(rig.ports({ store, queues }), { stored, records: new Map() }, entries);
  const each = (step: string): string[] => [step, step];
  const schedules = ["create TASK", "send", "sent"].flatMap(each);
  expect(steps.slice(0, 8)).toEqual(["update PERMIT", ...schedules, "update PERMIT"]);
  expect((await rig.stored()).outbox).toEqual([]);
});

test("P16: a drain that came to its end forgets the throws before it, one that did not keeps them", async () => {
  const rig = await begun();
  const { stored, entries } = await withOutbox(rig, [stop("a"), { type: "SendWork", task: 1 }], 2);
  const broken = { sendWork: () => Promise.reject(new RetryableError("Internal", "queue away")) };
  const assignment = { stored, records: new Map() };
  await expect(drainOutbox(rig.ports({ queues: broken }), assignment, entries)).rejects.toThrow("queue away");
  expect(await rig.stored()).toMatchObject({ throws: 2, outbox: [{ id: "9.1" }] });

  const left = (await rig.stored()).outbox;
  await drainOutbox(rig.ports(), { stored: await rig.stored(), records: new Map() }, left);
  expect(await rig.stored()).toMatchObject({ throws: 0, outbox: [] });
});

test("P11: as long as an entry is left, somebody must look again within the outbox's time", async () => {
  const rig = await begun();
  const { stored, entries } = await withOutbox(rig, [stop("a"), { type: "SendWork", task: 1 }]);
  await drainOutbox(rig.ports(), { stored, records: new Map() }, entries.slice(0, 1));
  expect((await rig.stored()).nextCheckAt).toBe(rig.now + AWS_TIMES.outboxCheckMs);
});

test("a state above its target is stored, and logged with its size; a small one is not logged", async () => {
  const rig = await begun();
  const stored = await rig.stored();
  const context = { now: rig.now, agents: AGENTS, times: AWS_TIMES, outboxRoom: LIMITS.outboxMax };
  const decisionWith = (bytes: number) => ({
    state: { ...stored.state, input: { inline: "x".repeat(bytes) } },
    events: [],
    commands: [],
    postponed: false,
  });
  await commit(rig.ports(), stored, decisionWith(10), context);
  const warnings = () => rig.lines.filter(({ message }) => message === "state is large");
  expect(warnings()).toEqual([]);
  const again = await rig.stored();
  expect(await commit(rig.ports(), again, decisionWith(LIMITS.stateBytesTarget), context)).toMatchObject({
    version: again.version + 1,
  });
  expect(warnings()).toMatchObject([{ fields: { executionId: EXECUTION_ID, bytes: expect.any(Number) } }]);
});

test("P16: a commit without commands forgives throws, and tells the status beside the body", async () => {
  const rig = await begun();
  const { stored } = await withOutbox(rig, [], 2);
  const context = { now: rig.now, agents: AGENTS, times: AWS_TIMES, outboxRoom: LIMITS.outboxMax };
  const state = { ...stored.state, status: "ABORTED" as const };
  await commit(rig.ports(), stored, { state, events: [], commands: [], postponed: false }, context);
  expect(await rig.store.get(stateKey(EXECUTION_ID))).toMatchObject({ status: "ABORTED", throws: 0 });
});
