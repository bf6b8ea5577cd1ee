import { beforeEach, describe, expect, test } from "vitest";
import { ExecutionView, TaskDetail } from "../../../functions/shared/contracts/api.ts";
import type { ExecutionState } from "../../../functions/shared/contracts/execution-state.ts";
import type { Packet } from "../../../functions/shared/contracts/handoff.ts";
import { HUMAN } from "../../../functions/shared/contracts/human.ts";
import { DEFAULT_EXECUTION_LIMITS, LIMITS } from "../../../functions/shared/contracts/limits.ts";
import { AnswerReceipt } from "../../../functions/shared/contracts/question.ts";
import { permitKey, taskKey } from "../../../functions/shared/contracts/resources.ts";
import { TaskRecord } from "../../../functions/shared/contracts/task-record.ts";
import { RetryableError } from "../../../functions/shared/kernel/errors.ts";
import { type Api, anApi, aState, aTask, ID, NOW, problemOf, putRecord, putState } from "./api-fixture.ts";

/** The coder (1) asks two people's questions: an approval (2) and a question (3). */
const APPROVAL: Packet = {
  task: { inline: 'May "publish" be run with these arguments?' },
  artifacts: [],
  approval: { tool: "publish", input: { inline: '{"to":"<all>"}' } },
};
const QUESTION: Packet = {
  task: { inline: "Which colour?" },
  context: { inline: "For the door." },
  options: ["red", "blue"],
  artifacts: [],
};

const asking = (packets: readonly Packet[], changes: Partial<ExecutionState> = {}): ExecutionState => {
  const state = aState({
    tasks: [
      aTask(1, "coder", { status: "SUSPENDED", suspensions: 1, turns: 1 }),
      ...packets.map((_, index) => aTask(index + 2, HUMAN, { handoff: index + 1, scheduledAt: NOW + 5 })),
    ],
    handoffs: packets.map((_, index) => ({
      n: index + 1,
      requester: 1,
      k: 1,
      callId: `call-${index}`,
      ...(packets.length > 1 ? { calls: packets.length } : {}),
      mode: "single",
      branches: [index + 2],
      onFailure: "collect",
      deadlineAt: NOW + 60_000,
      status: "OPEN",
    })),
    ...changes,
  });
  return state;
};

const put = (api: Api, packets: readonly Packet[], changes: Partial<ExecutionState> = {}): void => {
  putState(api.store, asking(packets, changes));
  putRecord(api.store, "coder", 1, {
    status: "SUSPENDED",
    suspension: {
      k: 1,
      turn: 1,
      calls: packets.map((packet, index) => ({
        callId: `call-${index}`,
        mode: "single",
        to: [{ agent: HUMAN, packet }],
        onFailure: "collect",
      })),
    },
  });
  packets.forEach((packet, index) => {
    putRecord(api.store, HUMAN, index + 2, { request: requestOf(packet) });
  });
};

const requestOf = (packet: Packet) => ({
  packet,
  from: "coder",
  depth: 0,
  deadlineAt: NOW + 60_000,
  answerInlineBytes: 1_000,
  limits: DEFAULT_EXECUTION_LIMITS,
});

let api: Api;
beforeEach(() => {
  api = anApi();
});

const answer = (n: number, body: unknown, as = api.request): Promise<Response> =>
  as(`/executions/${ID}/tasks/${n}/answer`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

const recordOf = (n: number): TaskRecord => {
  const { pk } = taskKey(HUMAN, `${ID}.${n}`);
  return TaskRecord.parse(api.store.items().find((item) => item.pk === pk && item.sk === "TASK"));
};

const refusalOf = async (response: Response) => {
  const { status, code, detail } = (await problemOf(response)) as Record<string, string>;
  return { status, code, detail };
};

const APPROVE = { decision: "approve" };
const REJECT = { decision: "reject", reason: "not on a Friday" };

describe("GET /executions/{id}", () => {
  const look = async () => ExecutionView.parse(await (await api.request(`/executions/${ID}`)).json());

  test("shows what is asked: by whom, the tool and its arguments as the model gave them, until when", async () => {
    put(api, [APPROVAL, QUESTION]);
    expect((await look()).questions).toEqual([
      {
        task: 2,
        requester: 1,
        agent: "coder",
        kind: "approval",
        question: 'May "publish" be run with these arguments?',
        tool: "publish",
        input: '{"to":"<all>"}',
        askedAt: new Date(NOW + 5).toISOString(),
        expiresAt: new Date(NOW + 60_000).toISOString(),
      },
      expect.objectContaining({
        task: 3,
        kind: "question",
        question: "Which colour?",
        context: "For the door.",
        options: ["red", "blue"],
      }),
    ]);
  });

  test("shows a question as soon as it is committed, though its own record is not there yet", async () => {
    put(api, [APPROVAL]);
    const { store } = anApi();
    for (const item of api.store.items()) if (!item.pk.includes(HUMAN)) store.force(item);
    api = { ...anApi({ store }), store };
    expect((await look()).questions).toMatchObject([{ task: 2 }]);
    expect((await answer(2, APPROVE)).status).toBe(503);
  });

  test("shows no question that is answered, or whose execution has ended", async () => {
    put(api, [APPROVAL]);
    putState(
      api.store,
      asking([APPROVAL], {
        status: "ABORTED",
        tasks: [aTask(1, "coder", { status: "ABORTED" }), aTask(2, HUMAN, { handoff: 1, status: "ABORTED" })],
      }),
    );
    expect((await look()).questions).toBeUndefined();
  });

  test("[bad-input 51] says how long arguments are that it shows only the beginning of; the task has them whole", async () => {
    const input = JSON.stringify({ to: "x".repeat(100_000) });
    const blob = await api.blobs.put(ID, input);
    put(api, [
      { ...APPROVAL, approval: { tool: "publish", input: { ...blob, preview: input.slice(0, 20) } } },
    ]);
    expect((await look()).questions).toMatchObject([{ input: input.slice(0, 20), inputBytes: input.length }]);
    const detail = TaskDetail.parse(await (await api.request(`/executions/${ID}/tasks/2`)).json());
    expect(detail.question?.input).toBe(input);
    expect(detail.question?.inputBytes).toBeUndefined();
  });
});

describe("POST /executions/{id}/tasks/{n}/answer", () => {
  test.each([
    [2, APPROVE, { text: "approved", decision: "approved" }],
    [2, REJECT, { text: "not on a Friday", decision: "rejected" }],
    [3, { text: "Green." }, { text: "Green." }],
  ])(
    "records the answer to task %i (%j), who gave it and when, and tells the coordinator",
    async (n, body, expected) => {
      put(api, [APPROVAL, QUESTION]);
      api.clock.advance(1_000);
      const response = await answer(n, body);
      expect(response.status).toBe(202);
      expect(AnswerReceipt.parse(await response.json())).toEqual({
        executionId: ID,
        task: n,
        answeredAt: new Date(NOW + 1_000).toISOString(),
      });
      expect(recordOf(n)).toMatchObject({
        status: "SUCCEEDED",
        version: 2,
        answer: expected,
        answeredBy: { caller: "default", at: NOW + 1_000 },
      });
      expect(api.queues.sent).toEqual([
        {
          queue: "events",
          message: { v: 1, kind: "look", executionId: ID, task: n, agent: HUMAN },
          delaySeconds: 0,
        },
      ]);
    },
  );

  test("records the user that the gateway knows", async () => {
    put(api, [APPROVAL]);
    const identity = { accountId: "default", userArn: "arn:aws:sts::1:assumed-role/ops/ada" };
    const response = await api.app.request(
      `/executions/${ID}/tasks/2/answer`,
      { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(APPROVE) },
      { requestContext: { identity } },
    );
    expect(response.status).toBe(202);
    expect(recordOf(2)).toMatchObject({ answeredBy: { caller: identity.userArn } });
  });

  test("takes the number of the task that asks, when it asks one thing", async () => {
    put(api, [APPROVAL]);
    expect((await answer(1, APPROVE)).status).toBe(202);
    expect(recordOf(2).status).toBe("SUCCEEDED");
  });

  test("does not guess which of several questions is meant", async () => {
    put(api, [APPROVAL, QUESTION]);
    expect(await refusalOf(await answer(1, APPROVE))).toMatchObject({
      status: 409,
      code: "AMBIGUOUS_QUESTION",
      detail: expect.stringContaining("2, 3"),
    });
  });

  test("P8: the same answer again is accepted, changes nothing, and tells again", async () => {
    put(api, [APPROVAL]);
    await answer(2, APPROVE);
    const before = recordOf(2);
    api.queues.take();
    api.clock.advance(5_000);
    const again = await answer(2, APPROVE);
    expect(again.status).toBe(200);
    expect(AnswerReceipt.parse(await again.json()).answeredAt).toBe(new Date(NOW).toISOString());
    expect(recordOf(2)).toEqual(before);
    expect(api.queues.sent).toHaveLength(1);
  });

  test("P1: of two answers at once one counts, and the other is told so", async () => {
    put(api, [APPROVAL]);
    const answers = await Promise.all([answer(2, APPROVE), answer(2, REJECT)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
    const loser = answers.find(({ status }) => status === 409) as Response;
    expect(await refusalOf(loser)).toMatchObject({ code: "ALREADY_ANSWERED" });
  });

  test("P8: an answer that could not be told of is stored; sending it again tells", async () => {
    put(api, [APPROVAL]);
    const sendHint = api.queues.sendHint.bind(api.queues);
    let isAway = true;
    api.queues.sendHint = async (...args) => {
      if (isAway) throw new RetryableError("Internal", "the queue is away");
      return sendHint(...args);
    };
    expect((await answer(2, APPROVE)).status).toBe(503);
    expect(recordOf(2).status).toBe("SUCCEEDED");
    isAway = false;
    expect((await answer(2, APPROVE)).status).toBe(200);
    expect(api.queues.sent).toHaveLength(1);
  });

  test("a write that was applied although it was refused is an answer like any other", async () => {
    put(api, [APPROVAL]);
    const update = api.store.update.bind(api.store);
    api.store.update = async (...args) => {
      await update(...args);
      return "refused";
    };
    expect((await answer(2, APPROVE)).status).toBe(200);
    expect(recordOf(2)).toMatchObject({ answer: { decision: "approved" } });
  });

  test("a text above the record's share is a blob, whole", async () => {
    put(api, [QUESTION]);
    const text = "green ".repeat(1_000);
    expect((await answer(2, { text })).status).toBe(202);
    const record = recordOf(2);
    const stored = record.status === "SUCCEEDED" && "blob" in record.answer ? record.answer : undefined;
    expect(stored?.preview).toHaveLength(1_000);
    expect(stored && (await api.blobs.get(stored.blob))).toBe(text);
    expect((await answer(2, { text })).status).toBe(200);
    expect((await answer(2, { text: `${text}!` })).status).toBe(409);
  });

  test.each([
    ["no object", [], "INVALID_BODY"],
    ["nothing", {}, "INVALID_ANSWER"],
    ["two forms at once", { decision: "approve", text: "yes" }, "INVALID_ANSWER"],
    ["an approval with a reason", { decision: "approve", reason: "fine" }, "INVALID_ANSWER"],
    ["a rejection without a reason", { decision: "reject" }, "INVALID_ANSWER"],
    ["a rejection of white space", { decision: "reject", reason: " \n" }, "INVALID_ANSWER"],
    ["another decision", { decision: "maybe" }, "INVALID_ANSWER"],
    ["a text that is none", { text: 7 }, "INVALID_ANSWER"],
    [
      "a reason above its limit",
      { decision: "reject", reason: "x".repeat(LIMITS.rejectReasonBytesMax + 1) },
      "INVALID_ANSWER",
    ],
    ["a text above its limit", { text: "x".repeat(LIMITS.humanTextBytesMax + 1) }, "INVALID_ANSWER"],
    ["a mistyped field", { desision: "approve" }, "UNKNOWN_FIELD"],
  ])("refuses %s, and nothing happens", async (_, body, code) => {
    put(api, [APPROVAL]);
    expect(await refusalOf(await answer(2, body))).toMatchObject({ status: 400, code });
    expect(recordOf(2).status).toBe("SCHEDULED");
    expect(api.queues.sent).toEqual([]);
  });

  test.each([
    [2, { text: "yes, do it" }, /asks for approval/],
    [3, APPROVE, /asks a question/],
  ])("refuses an answer of the wrong kind to task %i", async (n, body, detail) => {
    put(api, [APPROVAL, QUESTION]);
    expect(await refusalOf(await answer(n, body))).toMatchObject({
      status: 400,
      code: "INVALID_ANSWER",
      detail: expect.stringMatching(detail),
    });
    expect(recordOf(n).status).toBe("SCHEDULED");
  });

  test.each(["TIMED_OUT", "ABORTED"] as const)(
    "refuses an answer to a question that is %s",
    async (status) => {
      put(api, [APPROVAL], { tasks: [aTask(1, "coder"), aTask(2, HUMAN, { handoff: 1, status })] });
      expect(await refusalOf(await answer(2, APPROVE))).toMatchObject({
        status: 409,
        code: "QUESTION_CLOSED",
      });
      expect(recordOf(2).status).toBe("SCHEDULED");
    },
  );

  test("knows what was answered after the execution has gone on: the same is 200, without a hint", async () => {
    put(api, [APPROVAL]);
    await answer(2, APPROVE);
    api.queues.take();
    putState(
      api.store,
      asking([APPROVAL], {
        tasks: [aTask(1, "coder"), aTask(2, HUMAN, { handoff: 1, status: "SUCCEEDED" })],
      }),
    );
    expect((await answer(2, APPROVE)).status).toBe(200);
    expect(await refusalOf(await answer(2, REJECT))).toMatchObject({ code: "ALREADY_ANSWERED" });
    expect(api.queues.sent).toEqual([]);
  });

  test.each([
    [1, "NOT_A_QUESTION", 409],
    [2, "NOT_A_QUESTION", 409],
    [9, "TASK_NOT_FOUND", 404],
    [0, "OUT_OF_RANGE", 400],
  ])("task %i of an execution that asks nothing is %s", async (n, code, status) => {
    putState(api.store, aState({ tasks: [aTask(1, "coder"), aTask(2, "planner")] }));
    expect(await refusalOf(await answer(n, APPROVE))).toMatchObject({ code, status });
  });

  test("[bad-input 18] a stranger's question does not exist", async () => {
    put(api, [APPROVAL]);
    expect(await refusalOf(await answer(2, APPROVE, api.as("somebody else")))).toMatchObject({
      status: 404,
      code: "EXECUTION_NOT_FOUND",
    });
    expect(recordOf(2).status).toBe("SCHEDULED");
  });
});

test("GET /executions/{id}/tasks/{n} of a question tells what was decided, by whom and when", async () => {
  put(api, [APPROVAL]);
  await answer(2, REJECT);
  const detail = TaskDetail.parse(await (await api.request(`/executions/${ID}/tasks/2`)).json());
  expect(detail).toMatchObject({
    agent: HUMAN,
    answer: "not on a Friday",
    decision: "rejected",
    answeredBy: "default",
    answeredAt: new Date(NOW).toISOString(),
    question: { kind: "approval", tool: "publish" },
  });
});

test("a wait on an execution ends when something is asked", async () => {
  putState(api.store, aState({ tasks: [aTask(1, "coder")] }));
  api.store.force({ ...permitKey(ID) } as never);
  const first = await api.request(`/executions/${ID}`);
  const tag = first.headers.get("etag") ?? "";
  put(api, [APPROVAL]);
  putState(api.store, asking([APPROVAL]), { version: 3 });
  const next = await api.request(`/executions/${ID}?wait=5`, { headers: { "if-none-match": tag } });
  expect(ExecutionView.parse(await next.json()).questions).toHaveLength(1);
});
