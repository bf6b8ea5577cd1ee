import { expect, test } from "vitest";
import type { Assignment } from "../../../functions/coordinator/carry-out.ts";
import { drainOutbox } from "../../../functions/coordinator/drain-outbox.ts";
import type { Command } from "../../../functions/shared/contracts/command.ts";
import { AWS_TIMES } from "../../../functions/shared/contracts/protocol-times.ts";
import { RetryableError } from "../../../functions/shared/kernel/errors.ts";
import { resumeTask, scheduleTask, sendWork, single } from "../../support/given.ts";
import { MemoryQueues } from "../../support/memory-ports.ts";
import { intercepted, Rig } from "./rig.ts";

/** A handler that committed long ago, stood still, and carries out its commands only now. */
const drainLate = (rig: Rig, assignment: Assignment, command: Command): Promise<void> => {
  const entry = { id: `${assignment.stored.version}.0`, at: rig.now, command };
  return drainOutbox(rig.ports(), assignment, [entry]);
};

const assignmentOf = async (rig: Rig): Promise<Assignment> => ({
  stored: await rig.stored(),
  records: new Map(),
});

const begun = async (): Promise<Rig> => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  return rig;
};

test("P1: a late resume changes nothing once the task has suspended again", async () => {
  const rig = await begun();
  await rig.suspend("coder", 1, [single("critic")]);
  await rig.look(1);
  await rig.succeed("critic", 2, "first");
  await rig.look(2);
  const then = await assignmentOf(rig);
  await rig.suspend("coder", 1, [single("planner")], 2);
  await rig.look(1);
  const before = rig.record("coder", 1);
  await drainLate(rig, then, resumeTask(1, 1));
  expect(rig.record("coder", 1)).toEqual(before);
});

test.each(["FAILED", "SUCCEEDED", "SUSPENDED"] as const)(
  "P1: a late retry changes nothing once its attempt is %s",
  async (status) => {
    const rig = await begun();
    await rig.fail("coder", 1, "RateLimited");
    await rig.look(1);
    const then = await assignmentOf(rig);
    if (status === "FAILED") await rig.fail("coder", 1, "RateLimited");
    if (status === "SUCCEEDED") await rig.succeed("coder", 1, "done");
    if (status === "SUSPENDED") await rig.suspend("coder", 1, [single("critic")]);
    const before = rig.record("coder", 1);
    await drainLate(rig, then, scheduleTask(1, 2));
    expect(rig.record("coder", 1)).toEqual(before);
  },
);

test("P1: a late retry changes nothing while its attempt works", async () => {
  const rig = await begun();
  await rig.fail("coder", 1, "RateLimited");
  await rig.look(1);
  const before = rig.record("coder", 1);
  await drainLate(rig, await assignmentOf(rig), scheduleTask(1, 2));
  expect(rig.record("coder", 1)).toEqual(before);
});

test("P1: a late creation finds its record and changes nothing", async () => {
  const rig = await begun();
  const then = await assignmentOf(rig);
  await rig.succeed("coder", 1, "done");
  const before = rig.record("coder", 1);
  await drainLate(rig, then, scheduleTask(1));
  expect(rig.record("coder", 1)).toEqual(before);
});

test("a late creation whose requester has moved on creates nothing, least of all with a later packet", async () => {
  const rig = await begun();
  await rig.suspend("coder", 1, [{ ...single("planner"), deadlineSeconds: 10 }]);
  const store = intercepted(rig.store, (kind) => {
    if (kind === "create") throw new RetryableError("Internal", "store away");
  });
  await rig.look(1, { store });
  const then = await assignmentOf(rig);
  expect(then.stored.outbox.map(({ command }) => command)).toEqual([scheduleTask(2)]);
  rig.now += 60_000;
  await rig.look();
  await rig.suspend("coder", 1, [single("critic")], 2);
  await rig.look(1);
  await drainLate(rig, then, scheduleTask(2));
  const records = rig.store.items().filter(({ sk }) => sk === "TASK");
  expect(records.map(({ agent }) => agent)).toEqual(["coder", "critic"]);
});

test("what STATE no longer wants is passed over without a message, and its entry is removed", async () => {
  const rig = await begun();
  await rig.fail("coder", 1, "RateLimited");
  await rig.look(1);
  await rig.suspend("coder", 1, [single("critic")]);
  await rig.look(1);
  const sent = rig.queues.sent.length;
  const assignment = await assignmentOf(rig);
  for (const command of [
    scheduleTask(1, 1),
    scheduleTask(1, 2),
    resumeTask(1, 1),
    sendWork(1),
    scheduleTask(9),
  ]) {
    await drainLate(rig, assignment, command);
  }
  expect(rig.queues.sent).toHaveLength(sent);
});

test("P10: however many looks have ordered a task's message, a drain sends it once and is done with all", async () => {
  const rig = await begun();
  const queues = new MemoryQueues();
  queues.sendWork = () => Promise.reject(new RetryableError("Internal", "queue away"));
  for (let looks = 1; looks <= 3; looks++) {
    rig.now += AWS_TIMES.resendMsMax;
    await rig.look(undefined, { queues });
  }
  expect((await rig.stored()).outbox.map(({ command }) => command)).toEqual([
    sendWork(1),
    sendWork(1),
    sendWork(1),
  ]);
  const sent = rig.queues.sent.length;
  rig.now += AWS_TIMES.outboxAgeMs;
  await rig.look();
  expect(rig.queues.sent).toHaveLength(sent + 1);
  expect((await rig.stored()).outbox).toEqual([]);
});

test("a schedule of a former attempt sends no message for the present one", async () => {
  const rig = await begun();
  await rig.fail("coder", 1, "RateLimited");
  await rig.look(1);
  const sent = rig.queues.sent.length;
  await drainLate(rig, await assignmentOf(rig), scheduleTask(1, 1));
  expect(rig.queues.sent).toHaveLength(sent);
});
