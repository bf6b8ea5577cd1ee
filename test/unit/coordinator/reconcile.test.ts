import { expect, test } from "vitest";
import { LIMITS } from "../../../functions/shared/contracts/limits.ts";
import { AWS_TIMES } from "../../../functions/shared/contracts/protocol-times.ts";
import { openShard, stateKey, taskKey } from "../../../functions/shared/contracts/resources.ts";
import { RetryableError } from "../../../functions/shared/kernel/errors.ts";
import type { Store } from "../../../functions/shared/ports/store.ts";
import { EXECUTION_ID, parallel, signatureOf, single, transfer } from "../../support/given.ts";
import { hint, intercepted, Rig } from "./rig.ts";

const taskId = (n: number): string => `${EXECUTION_ID}.${n}`;

/** The standard execution: coder -> planner and critic at the same time -> coder. */
const runStandard = async (rig: Rig): Promise<void> => {
  await rig.accept();
  await rig.look();
  await rig.suspend("coder", 1, [parallel("planner", "critic")]);
  await rig.look(1);
  await rig.succeed("planner", 2, "the plan");
  await rig.look(2);
  await rig.succeed("critic", 3, "the risks");
  await rig.look(3);
  await rig.succeed("coder", 1, "done");
  await rig.look(1);
};

test("the standard execution runs from request to outcome, and every packet and answer is where it belongs", async () => {
  const rig = new Rig();
  await runStandard(rig);

  const { state, outbox, nextCheckAt } = await rig.stored();
  expect(state).toMatchObject({ status: "SUCCEEDED", outputTask: 1 });
  expect(outbox).toEqual([]);
  expect(nextCheckAt).toBeUndefined();
  expect(await rig.stateItem()).not.toHaveProperty("openPk");
  expect(rig.record("coder", 1).request).toMatchObject({
    packet: { task: { inline: "write a rate limiter" }, artifacts: [] },
    from: null,
    depth: 0,
    answerInlineBytes: LIMITS.answerInlineBytesMax,
  });
  expect(rig.record("critic", 3).request).toMatchObject({
    packet: { task: { inline: "part 2 for the critic" } },
    from: "coder",
    depth: 1,
    answerInlineBytes: LIMITS.answersInlineBytesMax / 2,
    trail: ["asked of coder"],
  });
  expect(rig.record("coder", 1)).toMatchObject({
    epoch: 2,
    answers: {
      k: 1,
      results: [
        {
          callId: "call-1-1-0",
          branches: [
            { agent: "planner", taskId: taskId(2), status: "succeeded", answer: { text: "the plan" } },
            { agent: "critic", taskId: taskId(3), status: "succeeded", answer: { text: "the risks" } },
          ],
        },
      ],
    },
  });
  expect(rig.queues.sent.map(({ queue, message }) => [queue, "taskId" in message && message.taskId])).toEqual(
    [
      ["coder", taskId(1)],
      ["planner", taskId(2)],
      ["critic", taskId(3)],
      ["coder", taskId(1)],
    ],
  );
  expect((await rig.history()).map(signatureOf)).toEqual([
    "ExecutionStarted",
    "TaskScheduled 1 coder",
    "HandoffRequested 1 by 1: 2 3",
    "TaskScheduled 2 planner",
    "TaskScheduled 3 critic",
    "TaskSucceeded 2",
    "TaskSucceeded 3",
    "HandoffCompleted 1: succeeded succeeded",
    "TaskResumed 1",
    "TaskSucceeded 1",
    "ExecutionSucceeded 1",
  ]);
});

test("the standard execution takes as few requests as it ever took", async () => {
  const rig = new Rig();
  await runStandard(rig);
  const counts: Record<string, number> = {};
  for (const { kind, key } of rig.store.requests) {
    const name = `${kind} ${key.split("#")[0]}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  // May only fall. `create` of STATE and PERMIT are the API's; a `get` is one item, one request reads up to three.
  expect(counts).toEqual({
    "create PERMIT": 1,
    "create EXE": 1,
    "update EXE": 8,
    "create TASK": 3,
    "update TASK": 1,
    "get EXE": 5,
    "get PERMIT": 5,
    "get TASK": 5,
  });
  expect(rig.queues.sent).toHaveLength(4);
});

test("hints of one execution in one batch are handled together: one read, one commit", async () => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  await rig.suspend("coder", 1, [parallel("planner", "critic")]);
  await rig.look(1);
  await rig.succeed("planner", 2, "the plan");
  await rig.succeed("critic", 3, "the risks");
  const { version } = await rig.stored();
  rig.store.requests.length = 0;
  expect(await rig.deliver([hint(2, "planner"), hint(3, "critic"), hint(2, "planner")])).toEqual([
    "done",
    "done",
    "done",
  ]);
  expect((await rig.stored()).version).toBe(version + 1);
  expect(rig.store.requests.map(({ kind }) => kind)).toEqual([
    "get",
    "get",
    "get",
    "get",
    "update",
    "update",
    "update",
  ]);
});

test("a hint that does not name the agent costs a read and nothing else", async () => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  await rig.succeed("coder", 1, "done");
  await rig.deliver([hint(1)]);
  expect((await rig.stored()).state.status).toBe("SUCCEEDED");
});

test("a look that changes nothing writes nothing", async () => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  const before = rig.store.items();
  rig.store.requests.length = 0;
  expect(await rig.look(1)).toBe("done");
  expect(await rig.look()).toBe("done");
  expect(rig.store.items()).toEqual(before);
  expect(rig.store.requests.filter(({ kind }) => kind !== "get")).toEqual([]);
});

test("duplicates of every hint change nothing", async () => {
  const rig = new Rig();
  await runStandard(rig);
  const before = rig.store.items();
  for (const task of [undefined, 1, 2, 3]) await rig.look(task);
  expect(rig.store.items()).toEqual(before);
  expect(rig.queues.sent).toHaveLength(4);
  expect(rig.lines.some(({ fields }) => fields?.["code"] === "LATE_REPORT")).toBe(true);
});

test("[bad-input 39] a forged hint changes nothing: the record says otherwise", async () => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  const before = rig.store.items();
  const forged = [
    hint(1, "coder"),
    hint(1, "critic"),
    hint(2, "planner"),
    { ...hint(1, "coder"), status: "SUCCEEDED", answer: { text: "pay me" } },
  ];
  expect(await rig.deliver(forged)).toEqual(["done", "done", "done", "done"]);
  expect(rig.store.items()).toEqual(before);
});

test("[bad-input 39] a record under another agent's name is nobody's word", async () => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  const { status: _status, ...record } = rig.record("coder", 1);
  rig.store.force({
    ...taskKey("critic", taskId(1)),
    ...record,
    status: "SUCCEEDED",
    answer: { text: "not mine to give" },
  });
  await rig.deliver([hint(1, "critic")]);
  expect((await rig.stored()).state.status).toBe("RUNNING");
});

test("[bad-input 35] a hint for an unknown execution is logged and done", async () => {
  const rig = new Rig();
  expect(await rig.deliver([hint(1, "coder")])).toEqual(["done"]);
  expect(rig.lines.map(({ fields }) => fields?.["code"])).toContain("ORPHAN_HINT");
  expect(rig.store.items()).toEqual([]);
});

test("[bad-input 36] a message of an unknown kind or version is logged and done", async () => {
  const rig = new Rig();
  expect(
    await rig.deliver([
      { v: 2, kind: "look" },
      { v: 1, kind: "dance" },
    ]),
  ).toEqual(["done", "done"]);
  expect(rig.lines.map(({ fields }) => fields?.["code"])).toEqual(["UNKNOWN_MESSAGE", "UNKNOWN_MESSAGE"]);
});

test("[bad-input 37] a body that is no message goes the way of dead letters; the others of the batch succeed", async () => {
  const rig = new Rig();
  await rig.accept();
  const bad = ["", "not json", "eyJ2IjoxfQ==", "null", "[]", `{"v":1,"kind":"look","executionId":"../x"}`];
  const verdicts = await rig.deliver([...bad, hint()]);
  expect(verdicts).toEqual([...bad.map(() => ({ returnAfterSeconds: 1 })), "done"]);
  expect(rig.lines.filter(({ fields }) => fields?.["code"] === "MALFORMED_MESSAGE")).toHaveLength(bad.length);
  expect((await rig.stored()).state.tasks).toHaveLength(1);
});

test("[bad-input 38] a report of attempt 1 after attempt 2 was scheduled changes nothing", async () => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  const attemptOne = rig.record("coder", 1);
  await rig.fail("coder", 1, "Internal");
  await rig.look(1);
  expect(rig.record("coder", 1)).toMatchObject({ status: "SCHEDULED", attempt: 2, epoch: 2 });
  // The stale worker's write fails its condition (epoch); what the coordinator may still read is its old view.
  const { status: _status, ...old } = attemptOne;
  const stale = { ...taskKey("coder", taskId(1)), ...old, status: "SUCCEEDED", answer: { text: "late" } };
  const real = rig.record("coder", 1);
  rig.store.force(stale);
  await rig.look(1);
  expect((await rig.stored()).state).toMatchObject({
    status: "RUNNING",
    tasks: [{ status: "SCHEDULED", attempt: 2 }],
  });
  rig.store.force({ ...taskKey("coder", taskId(1)), ...real });
});

test("[bad-input 40] a hint long before any deadline times nothing out", async () => {
  const rig = new Rig();
  await rig.accept({ deadlineSeconds: 60 });
  await rig.look();
  rig.now += 59_000;
  await rig.look(1);
  expect((await rig.stored()).state.status).toBe("RUNNING");
});

test("P12: what is due makes any look read all open records, and finished work is never timed out", async () => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  await rig.suspend("coder", 1, [{ ...parallel("planner", "critic"), deadlineSeconds: 10 }]);
  await rig.look(1);
  await rig.succeed("planner", 2, "the plan");
  rig.now += 10_000;
  await rig.look(3);
  expect(rig.record("coder", 1)).toMatchObject({
    status: "SCHEDULED",
    answers: {
      results: [
        { branches: [{ status: "succeeded" }, { status: "timed_out", error: { name: "TimedOut" } }] },
      ],
    },
  });
  expect(rig.permitItem()).toMatchObject({ stops: { 3: { cause: "the handoff's deadline passed" } } });
});

test("P3: a stop in PERMIT ends the execution at the next look", async () => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  rig.store.force({ ...rig.permitItem(), stopped: { at: rig.now, cause: "enough" } } as never);
  await rig.look();
  expect((await rig.stored()).state).toMatchObject({ status: "ABORTED", failure: { message: "enough" } });
});

test("a retry re-opens the record with a new epoch and a delay, and keeps what was done", async () => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  await rig.fail("coder", 1, "RateLimited");
  await rig.look(1);
  const record = rig.record("coder", 1);
  expect(record).toMatchObject({ status: "SCHEDULED", attempt: 2, epoch: 2, turns: 1, crashes: 0 });
  expect(record).not.toHaveProperty("failure");
  const { events } = await rig.stored();
  const scheduled = events.find((event) => event.type === "TaskRetryScheduled");
  expect(rig.queues.sent.at(-1)?.delaySeconds).toBe(
    scheduled?.type === "TaskRetryScheduled" ? scheduled.delaySeconds : -1,
  );
});

test("a transferred branch answers under its own name with the target's answer", async () => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  await rig.suspend("coder", 1, [single("planner")]);
  await rig.look(1);
  await rig.suspend("planner", 2, [transfer("critic")]);
  await rig.look(2);
  await rig.succeed("critic", 3, "from the critic");
  await rig.look(3);
  expect(rig.record("coder", 1).answers?.results[0]?.branches).toEqual([
    { agent: "planner", taskId: taskId(2), status: "succeeded", answer: { text: "from the critic" } },
  ]);
  expect(rig.record("planner", 2).status).toBe("SUSPENDED");
});

test("a fan-out wider than the outbox goes out in waves within one run", async () => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  const calls = [0, 1, 2].map(() => parallel(...Array.from({ length: 60 }, () => "planner")));
  await rig.suspend("coder", 1, calls);
  expect(await rig.look(1)).toBe("done");
  const { state, outbox } = await rig.stored();
  expect(state.tasks).toHaveLength(181);
  expect(outbox).toEqual([]);
  expect(rig.queues.sent.filter(({ queue }) => queue === "planner")).toHaveLength(180);
  expect(rig.record("planner", 181).request.packet.task).toEqual({ inline: "part 60 for the planner" });
});

test("P15: events leave STATE when it holds 60, none is lost and none doubled", async () => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  for (let k = 1; k <= 10; k++) {
    await rig.suspend("coder", 1, [parallel("planner", "critic", "critic")], k);
    await rig.look(1);
    for (let branch = 0; branch < 3; branch++) {
      const n = 2 + (k - 1) * 3 + branch;
      await rig.succeed(branch === 0 ? "planner" : "critic", n, "ok");
      await rig.look(n);
    }
  }
  await rig.succeed("coder", 1, "done");
  await rig.look(1);
  const history = await rig.history();
  const { events } = await rig.stored();
  expect(events.length).toBeLessThan(LIMITS.eventsInStateMax);
  expect(history.length).toBeGreaterThan(LIMITS.eventsInStateMax);
  expect(history.map(({ n }) => n)).toEqual(history.map((_, index) => index + 1));
});

test("a state beyond its wall fails the execution instead of growing", async () => {
  const rig = new Rig();
  await rig.accept({ events: 20_000 });
  await rig.look();
  for (let k = 1; k <= 9 && (await rig.stored()).state.status === "RUNNING"; k++) {
    const branches = Array.from({ length: 100 }, () => `a-name-as-long-as-it-may-be-${k}`.padEnd(32, "x"));
    await rig.suspend("coder", 1, [parallel(...branches)], k);
    await rig.look(1);
  }
  const { state } = await rig.stored();
  expect(state).toMatchObject({ status: "FAILED", failure: { name: "StateTooLarge" } });
  expect(JSON.stringify(state).length).toBeLessThan(LIMITS.stateBytesMax + 10_000);
});

test("on a conflict the decision is made again on what the other wrote", async () => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  await rig.suspend("coder", 1, [parallel("planner", "critic")]);
  await rig.look(1);
  await rig.succeed("planner", 2, "the plan");
  await rig.succeed("critic", 3, "the risks");
  let isFirst = true;
  const store = intercepted(rig.store, async (kind, sk) => {
    if (kind !== "update" || sk !== "STATE" || !isFirst) return;
    isFirst = false;
    await rig.look(2);
  });
  expect(await rig.look(3, { store })).toBe("done");
  const history = (await rig.history()).map(signatureOf);
  expect(history.slice(5)).toEqual([
    "TaskSucceeded 2",
    "TaskSucceeded 3",
    "HandoffCompleted 1: succeeded succeeded",
    "TaskResumed 1",
  ]);
});

test("after six conflicts the message comes back", async () => {
  const rig = new Rig();
  await rig.accept();
  const store: Store = { ...intercepted(rig.store, () => {}), update: async () => "refused" };
  expect(await rig.look(undefined, { store })).toEqual({ returnAfterSeconds: 1 });
  expect(rig.store.requests.filter(({ kind, key }) => kind === "get" && key.includes("STATE"))).toHaveLength(
    LIMITS.commitTriesMax,
  );
});

test("P9: a commit that was applied although it was reported refused is drained by who made it", async () => {
  const rig = new Rig();
  await rig.accept();
  let isFirst = true;
  const store: Store = {
    ...intercepted(rig.store, () => {}),
    update: async (key, change) => {
      const written = await rig.store.update(key, change);
      if (!isFirst) return written;
      isFirst = false;
      return "refused";
    },
  };
  expect(await rig.look(undefined, { store })).toBe("done");
  expect(rig.queues.sent).toHaveLength(1);
  expect((await rig.stored()).outbox).toEqual([]);
  expect(rig.record("coder", 1).status).toBe("SCHEDULED");
});

test("P9: entries that another committed a moment ago are not drained, and the message comes back for them", async () => {
  const rig = new Rig();
  await rig.accept();
  const queues = {
    ...rig.queues,
    sendWork: () => Promise.reject(new RetryableError("Internal", "queue away")),
  };
  const store = intercepted(rig.store, () => {});
  expect(await rig.look(undefined, { store, queues })).toMatchObject({
    returnAfterSeconds: expect.any(Number),
  });
  expect((await rig.stored()).outbox).toHaveLength(1);

  expect(await rig.look()).toEqual({ returnAfterSeconds: AWS_TIMES.outboxAgeMs / 1000 });
  expect(rig.queues.sent).toEqual([]);

  rig.now += AWS_TIMES.outboxAgeMs;
  expect(await rig.look()).toBe("done");
  expect(rig.queues.sent).toHaveLength(1);
  expect((await rig.stored()).outbox).toEqual([]);
});

test("P9: an entry of the future is drained by whoever finds it: its committer's clock was wrong", async () => {
  const rig = new Rig();
  await rig.accept();
  const queues = {
    ...rig.queues,
    sendWork: () => Promise.reject(new RetryableError("Internal", "queue away")),
  };
  rig.now += 1_800_000;
  await rig.look(undefined, { queues });
  expect((await rig.stored()).outbox).toHaveLength(1);

  rig.now -= 1_800_000;
  expect(await rig.look()).toBe("done");
  expect(rig.queues.sent).toHaveLength(1);
});

test("P9: what was carried out is removed although a later entry throws", async () => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  await rig.suspend("coder", 1, [parallel("planner", "critic")]);
  const queues = {
    sendWork: (agent: string, ...rest: [never, never]) =>
      agent === "critic"
        ? Promise.reject(new RetryableError("Internal", "queue away"))
        : rig.queues.sendWork(agent, ...rest),
  };
  await rig.look(1, { queues });
  expect((await rig.stored()).outbox.map(({ command }) => command)).toMatchObject([
    { type: "ScheduleTask", task: 3 },
  ]);
  rig.now += AWS_TIMES.outboxAgeMs;
  await rig.look();
  expect(rig.queues.sent.map(({ queue }) => queue)).toEqual(["coder", "planner", "critic"]);
});

test("P9: a removal that meets somebody else's commit removes all the same", async () => {
  const rig = new Rig();
  await rig.accept();
  let updates = 0;
  const store = intercepted(rig.store, async (kind, sk) => {
    if (kind !== "update" || sk !== "STATE" || ++updates !== 2) return;
    await rig.fail("coder", 1, "Internal");
    await rig.look(1);
  });
  await rig.look(undefined, { store });
  const { outbox, state } = await rig.stored();
  expect(outbox).toEqual([]);
  expect(state.tasks[0]?.attempt).toBe(2);
});

test("P11: an early look corrects the time of the next one", async () => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  const { nextCheckAt: planned } = await rig.stored();
  const item = await rig.stateItem();
  rig.store.force({ ...item, ...stateKey(EXECUTION_ID), nextCheckAt: rig.now - 1 });
  await rig.look();
  expect((await rig.stored()).nextCheckAt).toBe(planned);
});

test("P11: an execution that ended while another still drained leaves the index at the next look", async () => {
  const rig = new Rig();
  await runStandard(rig);
  const item = await rig.stateItem();
  const open = { openPk: openShard(EXECUTION_ID), nextCheckAt: rig.now - 1 };
  rig.store.force({ ...item, ...stateKey(EXECUTION_ID), ...open });
  await rig.look();
  expect(await rig.stateItem()).toEqual(item);
});

test("P11: a drained outbox is no reason to look again", async () => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  expect((await rig.stored()).nextCheckAt).toBe(rig.now + AWS_TIMES.resendMs);
});

test("a store that is away fails the message, not the execution, however often", async () => {
  const rig = new Rig();
  await rig.accept();
  const store = intercepted(rig.store, () => {
    throw new RetryableError("Internal", "store away");
  });
  for (let time = 0; time < 5; time++) {
    expect(await rig.look(undefined, { store })).toMatchObject({ returnAfterSeconds: expect.any(Number) });
  }
  expect(await rig.look()).toBe("done");
  expect((await rig.stored()).state.status).toBe("RUNNING");
});

test("P10: a task whose message was given back to wait is not sent another one until that is overdue", async () => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  const { resendMs, stealMarginMs } = AWS_TIMES;
  const waitsUntil = rig.now + 4 * resendMs;
  rig.store.force({ ...taskKey("coder", taskId(1)), ...rig.record("coder", 1), waitsUntil });
  rig.queues.sent.length = 0;
  rig.now += 2 * resendMs;
  await rig.look();
  expect(rig.queues.sent).toEqual([]);
  expect((await rig.stored()).nextCheckAt).toBe(waitsUntil + stealMarginMs);
  rig.now = waitsUntil + stealMarginMs;
  await rig.look();
  expect(rig.queues.sent).toHaveLength(1);
});
