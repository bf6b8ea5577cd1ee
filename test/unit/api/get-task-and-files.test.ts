import { describe, expect, test } from "vitest";
import { FileContent, FileList, TaskDetail } from "../../../functions/shared/contracts/api.ts";
import { DEFAULT_EXECUTION_LIMITS } from "../../../functions/shared/contracts/limits.ts";
import {
  callKey,
  fileKey,
  filesPartition,
  turnKey,
  WORKSPACE_TOTALS,
} from "../../../functions/shared/contracts/resources.ts";
import {
  type Api,
  anApi,
  aState,
  aTask,
  ID,
  NOW,
  problemOf,
  putRecord,
  putState,
  usage,
} from "./api-fixture.ts";

const CODER = `${ID}.1`;

const turn = (n: number, message: object, changes = {}) => ({
  ...turnKey("coder", CODER, n),
  n,
  attempt: 1,
  epoch: 1,
  at: NOW,
  message,
  stopReason: "tool_use",
  model: "model-x",
  requestId: "r",
  usage: usage(1),
  ...changes,
});

const aRun = async (): Promise<Api> => {
  const api = anApi();
  putState(
    api.store,
    aState({
      tasks: [
        aTask(1, "coder", { status: "SUCCEEDED", turns: 2, usage: usage(2), endedAt: NOW + 9 }),
        aTask(2, "planner", { status: "SUCCEEDED", depth: 1, handoff: 1 }),
        aTask(3, "critic", { status: "TIMED_OUT", depth: 1, handoff: 1 }),
      ],
      handoffs: [
        {
          n: 1,
          requester: 1,
          k: 1,
          callId: "toolu_h",
          mode: "parallel",
          branches: [3, 2],
          onFailure: "collect",
          status: "JOINED",
        },
      ],
    }),
  );
  putRecord(api.store, "coder", 1, { status: "SUCCEEDED", answer: { text: "done" } });
  const blocks = [
    { type: "thinking", thinking: "hm" },
    { type: "text", text: "I ask the others." },
    { type: "tool_use", id: "toolu_w", name: "write_file", input: { path: "a.ts" } },
    { type: "tool_use", id: "toolu_h", name: "handoff", input: { mode: "parallel" } },
  ];
  api.store.force(turn(1, { inline: JSON.stringify(blocks) }));
  const second = await api.blobs.put(ID, JSON.stringify([{ type: "text", text: "Both agree." }]));
  api.store.force(turn(2, { ...second, preview: "[{" }, { stopReason: "end_turn" }));
  api.store.force({
    ...callKey("coder", CODER, 1, 0),
    turn: 1,
    index: 0,
    callId: "toolu_w",
    tool: "write_file",
    effect: "idempotent",
    status: "finished",
    input: '{"path":"a.ts"}',
    startedAt: NOW,
    finishedAt: NOW + 1,
    result: { content: { inline: "r".repeat(5_000) }, isError: false },
  });
  return api;
};

describe("GET /executions/{id}/tasks/{n}", () => {
  test("shows turns with their text, tool calls with shortened results, and handoffs as calls", async () => {
    const api = await aRun();
    const task = TaskDetail.parse(await (await api.request(`/executions/${ID}/tasks/1`)).json());
    expect(task).toMatchObject({
      task: 1,
      status: "SUCCEEDED",
      request: "task for coder",
      answer: "done",
      toolCalls: 2,
    });
    expect(task.turnList).toMatchObject([
      { turn: 1, text: "I ask the others.", model: "model-x", stopReason: "tool_use", usage: usage(1) },
      { turn: 2, text: "Both agree.", toolCalls: [] },
    ]);
    expect(task.turnList[0]?.toolCalls).toEqual([
      {
        callId: "toolu_w",
        tool: "write_file",
        effect: "idempotent",
        status: "finished",
        input: '{"path":"a.ts"}',
        result: "r".repeat(1024),
        isError: false,
      },
      { callId: "toolu_h", tool: "handoff", status: "finished", input: '{"mode":"parallel"}' },
    ]);
    expect(task.handoffResults).toEqual([
      { task: 3, agent: "critic", status: "timed_out" },
      { task: 2, agent: "planner", status: "succeeded" },
    ]);
  });

  test("marks a turn that wrote notes of its conversation", async () => {
    const api = await aRun();
    const said = JSON.stringify([{ type: "text", text: "So far so good." }]);
    api.store.force(
      turn(3, { inline: said }, { stopReason: "end_turn", notes: { restart: { inline: "…" } } }),
    );
    const { turnList } = TaskDetail.parse(await (await api.request(`/executions/${ID}/tasks/1`)).json());
    expect(turnList.map(({ turn: n, isNotes }) => [n, isNotes])).toEqual([
      [1, undefined],
      [2, undefined],
      [3, true],
    ]);
    expect(turnList[2]?.text).toBe("So far so good.");
  });

  test("shows a long request whole, and says so when it has to be cut", async () => {
    const api = await aRun();
    const look = async (text: string): Promise<TaskDetail> => {
      const value = { ...(await api.blobs.put(ID, text)), preview: text.slice(0, 256) };
      const request = { packet: { task: value, artifacts: [] }, from: null, depth: 0 };
      const rest = { deadlineAt: NOW, answerInlineBytes: 1, limits: DEFAULT_EXECUTION_LIMITS };
      putRecord(api.store, "coder", 1, { request: { ...request, ...rest } });
      return TaskDetail.parse(await (await api.request(`/executions/${ID}/tasks/1`)).json());
    };
    const long = "w ".repeat(20_000);
    expect(await look(long)).toMatchObject({ request: long });
    expect(await look(long)).not.toHaveProperty("requestBytes");
    expect(await look("w ".repeat(50_000))).toMatchObject({
      request: "w ".repeat(32_768),
      requestBytes: 100_000,
    });
    api.blobs.texts.clear();
    const cut = TaskDetail.parse(await (await api.request(`/executions/${ID}/tasks/1`)).json());
    expect(cut.request).toHaveLength(256);
  });

  test("a lost message does not hide the other turns [bad-input 42]", async () => {
    const api = await aRun();
    api.blobs.texts.clear();
    const task = TaskDetail.parse(await (await api.request(`/executions/${ID}/tasks/1`)).json());
    expect(task.turnList.map(({ text }) => text)).toEqual([
      "I ask the others.",
      "[the stored message is lost]",
    ]);
  });

  test("a task that does not exist is 404, a number that none can have 400", async () => {
    const api = await aRun();
    expect(await problemOf(await api.request(`/executions/${ID}/tasks/4`))).toMatchObject({
      status: 404,
      code: "TASK_NOT_FOUND",
    });
    for (const n of ["0", "501", "-1", "x", "1.0"]) {
      expect(await problemOf(await api.request(`/executions/${ID}/tasks/${n}`))).toMatchObject({
        status: 400,
        code: "OUT_OF_RANGE",
      });
    }
  });
});

describe("GET /executions/{id}/files", () => {
  const withFiles = async (...files: [path: string, content: string][]): Promise<Api> => {
    const api = anApi();
    putState(api.store, aState());
    api.store.force({
      pk: filesPartition(ID),
      sk: WORKSPACE_TOTALS,
      files: files.length,
      bytes: 1,
      version: 1,
    });
    for (const [path, content] of files) {
      const blob = await api.blobs.put(ID, content);
      api.store.force({ ...fileKey(ID, path), path, version: 1, blob, by: "coder", taskId: CODER, at: NOW });
    }
    return api;
  };

  test("lists files by path, without the bookkeeping beside them", async () => {
    const api = await withFiles(["src/b.ts", "bb"], ["README.md", "r"]);
    const { files } = FileList.parse(await (await api.request(`/executions/${ID}/files`)).json());
    expect(files).toEqual([
      { path: "README.md", version: 1, bytes: 1, by: "coder", at: "2023-11-14T22:13:20.000Z" },
      { path: "src/b.ts", version: 1, bytes: 2, by: "coder", at: "2023-11-14T22:13:20.000Z" },
    ]);
  });

  test("?path= brings one with its content, in either normal form of its name [bad-input 54]", async () => {
    const api = await withFiles(["caf\u00e9.txt", "crème"]);
    for (const path of ["caf\u00e9.txt", "cafe\u0301.txt"]) {
      const response = await api.request(`/executions/${ID}/files?path=${encodeURIComponent(path)}`);
      expect(FileContent.parse(await response.json())).toMatchObject({
        path: "caf\u00e9.txt",
        content: "crème",
        bytes: 6,
      });
    }
  });

  test("a file that is not there is FILE_NOT_FOUND, one whose blob is gone CONTENT_LOST", async () => {
    const api = await withFiles(["a.txt", "a"]);
    expect(await problemOf(await api.request(`/executions/${ID}/files?path=b.txt`))).toMatchObject({
      status: 404,
      code: "FILE_NOT_FOUND",
    });
    api.blobs.texts.clear();
    expect(await problemOf(await api.request(`/executions/${ID}/files?path=a.txt`))).toMatchObject({
      status: 500,
      code: "CONTENT_LOST",
    });
  });

  test.each([
    "../../b/x",
    "/etc/passwd",
    "a\\..\\b",
    "%2e%2e/",
    "a//b",
    "a\0b",
    "C:x",
    "a.",
    "a ",
    "x".repeat(1_100),
    ".",
    "",
    WORKSPACE_TOTALS,
  ])("the path %j is INVALID_PATH, and no file is read [bad-input 53]", async (path) => {
    const api = await withFiles();
    const response = await api.request(`/executions/${ID}/files?path=${encodeURIComponent(path)}`);
    expect(await problemOf(response)).toMatchObject({ status: 400, code: "INVALID_PATH", path: "path" });
    expect(api.store.requests.filter(({ key }) => key.startsWith("FILES#"))).toEqual([]);
  });
});
