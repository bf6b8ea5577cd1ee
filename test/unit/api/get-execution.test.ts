import { describe, expect, test } from "vitest";
import { ExecutionView } from "../../../functions/shared/contracts/api.ts";
import { LIMITS } from "../../../functions/shared/contracts/limits.ts";
import { newPermit } from "../../../functions/shared/contracts/permit.ts";
import { callKey, permitKey, turnKey } from "../../../functions/shared/contracts/resources.ts";
import type { MemoryStore } from "../../support/memory-ports.ts";
import {
  type Api,
  anApi,
  answerWithin,
  aState,
  aTask,
  ID,
  NOW,
  problemOf,
  putRecord,
  putState,
  settled,
  usage,
} from "./api-fixture.ts";

const look = async (api: Api, query = ""): Promise<ExecutionView> =>
  ExecutionView.parse(await (await api.request(`/executions/${ID}${query}`)).json());

const putTurn = (store: MemoryStore, name: string, task: number, n: number): void =>
  store.force({
    ...turnKey(name, `${ID}.${task}`, n),
    n,
    attempt: 1,
    epoch: 1,
    at: NOW,
    message: { inline: "[]" },
    stopReason: "tool_use",
    model: "m",
    requestId: null,
    usage: usage(1),
  });

const putCall = (
  store: MemoryStore,
  name: string,
  task: number,
  turn: number,
  index: number,
  status: string,
): void =>
  store.force({
    ...callKey(name, `${ID}.${task}`, turn, index),
    turn,
    index,
    callId: `call-${turn}-${index}`,
    tool: "write_file",
    status,
    input: "{}",
    startedAt: NOW,
  });

const putPermit = (store: MemoryStore, changes: Record<string, unknown> = {}): void =>
  store.force({
    ...permitKey(ID),
    ...newPermit("default", { tokens: 1_000, calls: 10, microUsd: null }, 1),
    ...changes,
  });

const reservation = { id: "1.2.1", agent: "coder", epoch: 1, at: 0, tokens: 100, microUsd: 1 };

describe("GET /executions/{id}", () => {
  test("an accepted execution that nobody has looked at yet", async () => {
    const api = anApi();
    putState(api.store, aState(), { version: 1 });
    expect(await look(api)).toEqual({
      executionId: ID,
      status: "RUNNING",
      agent: "coder",
      input: "Write a rate limiter",
      createdAt: "2023-11-14T22:13:20.000Z",
      deadlineAt: "2023-11-14T23:13:20.000Z",
      version: 1,
      limits: { usd: 1, tokens: 200_000, calls: 200, deadlineSeconds: 3_600, depth: 5, events: 2_000 },
      usage: usage(0),
      usageByAgent: {},
      tasks: [],
      handoffs: [],
    });
  });

  test("usage is the sum of ended tasks and of what open ones have used so far", async () => {
    const api = anApi();
    putState(
      api.store,
      aState({
        tasks: [
          aTask(1, "coder", { status: "SUSPENDED", usage: usage(1), turns: 1 }),
          aTask(2, "planner", {
            status: "SUCCEEDED",
            usage: usage(3),
            turns: 3,
            handoff: 1,
            depth: 1,
            endedAt: NOW + 1,
          }),
          aTask(3, "critic", { handoff: 1, depth: 1 }),
        ],
        handoffs: [
          {
            n: 1,
            requester: 1,
            k: 1,
            callId: "h",
            mode: "parallel",
            branches: [3, 2],
            onFailure: "collect",
            status: "OPEN",
          },
        ],
      }),
    );
    putRecord(api.store, "coder", 1, { usage: usage(1) });
    putRecord(api.store, "critic", 3);
    putTurn(api.store, "critic", 3, 1);
    putTurn(api.store, "critic", 3, 2);
    putCall(api.store, "critic", 3, 2, 0, "finished");
    putCall(api.store, "critic", 3, 2, 1, "started");
    putCall(api.store, "planner", 2, 1, 0, "finished");
    const view = await look(api);
    expect(view.usage).toEqual(usage(6));
    expect(view.usageByAgent).toEqual({ coder: usage(1), planner: usage(3), critic: usage(2) });
    expect(view.tasks).toMatchObject([
      { task: 1, status: "SUSPENDED", turns: 1, toolCalls: 1, usage: usage(1) },
      { task: 2, status: "SUCCEEDED", turns: 3, toolCalls: 1, requester: 1, endedAt: expect.any(String) },
      {
        task: 3,
        status: "SCHEDULED",
        turns: 2,
        toolCalls: 2,
        requester: 1,
        usage: usage(2),
        doing: "write_file",
      },
    ]);
    expect(view.tasks[0]).not.toHaveProperty("doing");
    expect(view.handoffs).toEqual([
      {
        handoff: 1,
        requester: 1,
        mode: "parallel",
        branches: [
          { task: 3, agent: "critic" },
          { task: 2, agent: "planner" },
        ],
        onFailure: "collect",
        status: "OPEN",
      },
    ]);
  });

  test("a task with an open reservation is asking the model; calls that failed count as well", async () => {
    const api = anApi();
    putState(api.store, aState({ tasks: [aTask(1, "coder")] }));
    putRecord(api.store, "coder", 1, { usage: usage(4), turns: 1 });
    putTurn(api.store, "coder", 1, 1);
    putPermit(api.store, { open: { 1: reservation } });
    expect((await look(api)).tasks[0]).toMatchObject({ doing: "model", turns: 1, usage: usage(4) });
  });

  test("a reservation whose turn is there already stays open while the turn's tools run", async () => {
    const api = anApi();
    putState(api.store, aState({ tasks: [aTask(1, "coder")] }));
    putRecord(api.store, "coder", 1);
    putTurn(api.store, "coder", 1, 1);
    putTurn(api.store, "coder", 1, 2);
    putCall(api.store, "coder", 1, 2, 0, "started");
    putPermit(api.store, { open: { 1: reservation } });
    expect((await look(api)).tasks[0]).toMatchObject({ doing: "write_file", turns: 2 });
  });

  test("a price that is not known makes the cost null, never 0", async () => {
    const api = anApi();
    putState(
      api.store,
      aState({
        status: "FAILED",
        failure: { name: "BudgetExceeded", message: "no room" },
        tasks: [
          aTask(1, "coder", { status: "FAILED", usage: usage(1) }),
          aTask(2, "planner", { status: "FAILED", usage: usage(1, null) }),
        ],
      }),
    );
    const view = await look(api);
    expect(view.usage.microUsd).toBeNull();
    expect(view.failure).toEqual({ name: "BudgetExceeded", message: "no room" });
  });

  test("a task whose record is not created yet is shown as STATE has it", async () => {
    const api = anApi();
    putState(api.store, aState({ tasks: [aTask(1, "coder")] }));
    expect((await look(api)).tasks).toMatchObject([{ status: "SCHEDULED", turns: 0, toolCalls: 0 }]);
  });

  test("tool calls of ended tasks are counted once, however often a client looks", async () => {
    const api = anApi();
    putState(api.store, aState({ status: "FAILED", tasks: [aTask(1, "coder", { status: "FAILED" })] }));
    putCall(api.store, "coder", 1, 1, 0, "finished");
    await look(api);
    const view = await look(api);
    expect(view.tasks[0]?.toolCalls).toBe(1);
    expect(api.store.requests.filter(({ kind }) => kind === "list")).toHaveLength(1);
  });
});

describe("output", () => {
  const succeeded = (changes = {}) =>
    aState({
      status: "SUCCEEDED",
      endedAt: NOW + 1,
      outputTask: 1,
      tasks: [
        aTask(1, "coder", { status: "SUCCEEDED", ...changes }),
        aTask(2, "critic", { status: "SUCCEEDED" }),
      ],
    });

  test("comes from the record of the output task", async () => {
    const api = anApi();
    putState(api.store, succeeded());
    putRecord(api.store, "coder", 1, { status: "SUCCEEDED", answer: { text: "the answer" } });
    expect((await look(api)).output).toBe("the answer");
  });

  test("of a transfer comes from the task that answered in the end", async () => {
    const api = anApi();
    putState(api.store, { ...succeeded({ via: 2 }), outputTask: 2 });
    putRecord(api.store, "coder", 1, {
      status: "SUSPENDED",
      suspension: { k: 1, turn: 1, calls: [aTransfer] },
    });
    putRecord(api.store, "critic", 2, { status: "SUCCEEDED", answer: { text: "the critic's" } });
    expect((await look(api)).output).toBe("the critic's");
  });

  const aTransfer = {
    callId: "t",
    mode: "transfer",
    to: [{ agent: "critic", packet: { task: { inline: "t" }, artifacts: [] } }],
    onFailure: "collect",
  };

  test("a blob up to 5 MiB is fetched in full [bad-input 51]", async () => {
    const api = anApi();
    const text = "ü".repeat(LIMITS.responseTextBytesMax / 2);
    putState(api.store, succeeded());
    const blob = await api.blobs.put(ID, text);
    putRecord(api.store, "coder", 1, { status: "SUCCEEDED", answer: { blob, preview: "ü" } });
    const view = await look(api);
    expect(view.output === text).toBe(true);
    expect(view.outputBytes).toBeUndefined();
  });

  test.each([
    ["above 5 MiB", "x".repeat(LIMITS.responseTextBytesMax + 1)],
    ["whose escapes would burst a function's response", "\n".repeat(3 * 1024 * 1024)],
  ])("a blob %s is shown by its beginning and its size", async (_, text) => {
    const api = anApi();
    putState(api.store, succeeded());
    const blob = await api.blobs.put(ID, text);
    putRecord(api.store, "coder", 1, { status: "SUCCEEDED", answer: { blob, preview: text.slice(0, 100) } });
    const view = await look(api);
    expect(text.startsWith(view.output ?? "missing")).toBe(true);
    expect(view.output?.length).toBeLessThanOrEqual(1024);
    expect(view.outputBytes).toBe(text.length);
  });

  test("a blob that is gone is CONTENT_LOST, not an empty output [bad-input 42]", async () => {
    const api = anApi();
    putState(api.store, succeeded());
    const blob = await api.blobs.put(ID, "text");
    api.blobs.texts.clear();
    putRecord(api.store, "coder", 1, { status: "SUCCEEDED", answer: { blob, preview: "t" } });
    expect(await problemOf(await api.request(`/executions/${ID}`))).toMatchObject({
      status: 500,
      code: "CONTENT_LOST",
    });
  });
});

describe("?wait= on an execution", () => {
  const waiting = async (api: Api, init: RequestInit = {}) => {
    const answer = api.request(`/executions/${ID}?wait=10`, init);
    await settled();
    api.clock.advance(200);
    return answer;
  };

  test("a commit ends the wait", async () => {
    const api = anApi();
    putState(api.store, aState(), { version: 2 });
    const answer = waiting(api);
    await settled();
    putState(api.store, aState(), { version: 3 });
    const { response, ms } = await answerWithin(api.clock, answer, 500);
    expect(((await response.json()) as ExecutionView).version).toBe(3);
    expect(ms).toBeLessThanOrEqual(100);
  });

  test.each([
    ["starts", { committedCalls: 1, committedTokens: 100, open: { 1: reservation } }],
    ["ends", { committedCalls: 0, committedTokens: 42 }],
  ])("a model call that %s ends the wait, without a commit", async (_, permit) => {
    const api = anApi();
    putState(api.store, aState());
    putPermit(api.store);
    const answer = waiting(api);
    await settled();
    putPermit(api.store, permit);
    const { ms } = await answerWithin(api.clock, answer, 500);
    expect(ms).toBeLessThanOrEqual(100);
  });

  test("an ended execution is answered at once", async () => {
    const api = anApi();
    putState(api.store, aState({ status: "FAILED" }));
    const { ms } = await answerWithin(api.clock, api.request(`/executions/${ID}?wait=25`), 1);
    expect(ms).toBe(0);
  });

  test("without a change the view comes after the seconds asked for", async () => {
    const api = anApi();
    putState(api.store, aState());
    const { response, ms } = await answerWithin(api.clock, api.request(`/executions/${ID}?wait=3`), 4_000);
    expect(response.status).toBe(200);
    expect(ms).toBe(3_000);
  });

  test("If-None-Match: a change between two requests is not missed, and no change is 304", async () => {
    const api = anApi();
    putState(api.store, aState(), { version: 2 });
    const etag = (await api.request(`/executions/${ID}`)).headers.get("etag") ?? "";
    const same = await answerWithin(api.clock, waiting(api, { headers: { "if-none-match": etag } }), 11_000);
    expect(same.response.status).toBe(304);
    putState(api.store, aState(), { version: 3 });
    const changed = await answerWithin(
      api.clock,
      api.request(`/executions/${ID}?wait=10`, { headers: { "if-none-match": etag } }),
      1,
    );
    expect(changed).toMatchObject({ ms: 0, response: { status: 200 } });
  });

  test("the wait polls two items, however many tasks are open", async () => {
    const api = anApi();
    putState(api.store, aState({ tasks: Array.from({ length: 100 }, (_, n) => aTask(n + 1, "critic")) }));
    const answer = waiting(api);
    await settled();
    const polls = api.store.requests.length;
    expect(polls).toBeLessThanOrEqual(4);
    putState(api.store, aState({ status: "ABORTED" }), { version: 3 });
    await answerWithin(api.clock, answer, 500);
  });
});
