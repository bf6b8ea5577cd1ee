import { expect, test } from "vitest";
import type { Decision } from "../../../functions/shared/contracts/handoff.ts";
import { HUMAN } from "../../../functions/shared/contracts/human.ts";
import { AWS_TIMES } from "../../../functions/shared/contracts/protocol-times.ts";
import { taskKey } from "../../../functions/shared/contracts/resources.ts";
import { EXECUTION_ID, single } from "../../support/given.ts";
import { Rig } from "./rig.ts";

/** The coder waits for a person's leave, and nothing else is under way. */
const asked = async (): Promise<Rig> => {
  const rig = new Rig();
  await rig.accept();
  await rig.look();
  const call = single(HUMAN);
  const approval = { tool: "publish", input: { inline: '{"to":"all"}' } };
  const [to] = call.to;
  if (to === undefined) throw new Error("a question goes to one person");
  await rig.suspend("coder", 1, [{ ...call, to: [{ ...to, packet: { ...to.packet, approval } }] }]);
  rig.queues.take();
  await rig.look(1);
  return rig;
};

/** What the API does. */
const answer = (rig: Rig, text: string, decision?: Decision): void => {
  const record = rig.record(HUMAN, 2);
  rig.store.force({
    ...taskKey(HUMAN, record.taskId),
    ...record,
    status: "SUCCEEDED",
    version: record.version + 1,
    answer: { text, ...(decision === undefined ? {} : { decision }) },
  } as never);
};

test("a question has a record, with what is asked, and no message", async () => {
  const rig = await asked();
  expect(rig.record(HUMAN, 2)).toMatchObject({
    status: "SCHEDULED",
    taskId: `${EXECUTION_ID}.2`,
    request: {
      from: "coder",
      packet: { approval: { tool: "publish", input: { inline: '{"to":"all"}' } } },
    },
  });
  expect(rig.queues.sent).toEqual([]);
  expect((await rig.stored()).outbox).toEqual([]);
});

test.each([
  ["approved", "approved", "approved"],
  ["not on a Friday", "rejected", "rejected: not on a Friday"],
  ["Green.", undefined, "Green."],
] as const)(
  "an answer (%s, decision: %s) comes back to who asked, decision and all",
  async (text, decision, preview) => {
    const rig = await asked();
    answer(rig, text, decision);
    await rig.look(2);
    expect(rig.record("coder", 1)).toMatchObject({
      status: "SCHEDULED",
      answers: { k: 1, results: [{ branches: [{ agent: HUMAN, status: "succeeded" }] }] },
    });
    expect(rig.record("coder", 1).answers?.results[0]?.branches[0]?.answer).toEqual({
      text,
      ...(decision === undefined ? {} : { decision }),
    });
    const event = (await rig.history()).find(({ type }) => type === "TaskSucceeded");
    expect(event).toMatchObject({ task: 2, preview });
  },
);

test("P10, P11: an answer nobody told of is found when the question's record is looked at again", async () => {
  const rig = await asked();
  const { nextCheckAt } = await rig.stored();
  expect(nextCheckAt).toBe(rig.now + AWS_TIMES.resendMs);
  answer(rig, "approved", "approved");
  rig.now += AWS_TIMES.resendMs;
  await rig.look();
  expect(rig.record("coder", 1).status).toBe("SCHEDULED");
});

test("looking at an open question writes no record and sends nothing", async () => {
  const rig = await asked();
  const before = rig.record(HUMAN, 2);
  for (let hours = 0; hours < 3; hours++) {
    rig.now += (await rig.stored()).state.checks["2"]?.intervalMs ?? 0;
    await rig.look();
  }
  expect(rig.record(HUMAN, 2)).toEqual(before);
  expect(rig.queues.sent).toEqual([]);
  expect((await rig.history()).at(-1)?.type).toBe("TaskScheduled");
});
