import { expect, test } from "vitest";
import type { TaskDetail, ToolCallView } from "../../../../functions/shared/contracts/api.ts";
import { ToolCallWatch } from "../../../../infra/cli/tool-call-watch.ts";
import { at, execution, ID, standardEvents, task, usage } from "./standard-execution.ts";

const call = (callId: string, fields: Partial<ToolCallView> = {}): ToolCallView => ({
  callId,
  tool: "write_file",
  status: "finished",
  input: `{"path":"${callId}.ts"}`,
  isError: false,
  ...fields,
});

const detail = (...turns: readonly ToolCallView[][]): TaskDetail => ({
  ...task(1, "coder", { turns: turns.length, toolCalls: turns.flat().length }),
  request: "Write it",
  turnList: turns.map((toolCalls, i) => ({
    turn: i + 1,
    at: at(1000 * (i + 1)),
    model: "m-1",
    stopReason: "tool_use",
    text: "",
    usage: usage(1),
    toolCalls,
  })),
});

/** A watch of coder's task, which is as the test last said. */
const aWatch = () => {
  const api = { now: detail(), asked: 0 };
  const watch = new ToolCallWatch(
    {
      task: async () => {
        api.asked += 1;
        return api.now;
      },
    },
    ID,
  );
  const look = async (): Promise<string[]> => {
    const view = execution({ tasks: [task(1, "coder", { toolCalls: api.now.toolCalls })] });
    return (await watch.since(view)).flatMap(({ turn, calls }) =>
      calls.map(({ callId, status }) => `${turn} ${callId} ${status}`),
    );
  };
  return { api, watch, look };
};

test("each call is told once, and a task is only asked for when it has new ones", async () => {
  const { api, look } = aWatch();
  expect(await look()).toEqual([]);
  expect(api.asked).toBe(0);
  api.now = detail([call("a"), call("b")]);
  expect(await look()).toEqual(["1 a finished", "1 b finished"]);
  expect(await look()).toEqual([]);
  expect(api.asked).toBe(1);
  api.now = detail([call("a"), call("b")], [call("a")]);
  expect(await look()).toEqual(["2 a finished"]);
});

test("a call is told when it begins, and again only when it fails", async () => {
  const { api, look } = aWatch();
  api.now = detail([call("a", { status: "started" }), call("b", { status: "started" })]);
  expect(await look()).toEqual(["1 a started", "1 b started"]);
  expect(await look()).toEqual([]);
  api.now = detail([call("a"), call("b", { isError: true })]);
  expect(await look()).toEqual(["1 b finished"]);
  const { asked } = api;
  expect(await look()).toEqual([]);
  expect(api.asked).toBe(asked);
});

test("handoffs are the history's to tell, unless they were refused", async () => {
  const { api, look } = aWatch();
  api.now = detail([
    call("good", { tool: "handoff", status: "started" }),
    call("bad", { tool: "handoff", isError: true }),
  ]);
  expect(await look()).toEqual(["1 bad finished"]);
});

test("before a handoff or an end, whatever the views have missed is asked for", async () => {
  const { api, watch } = aWatch();
  api.now = detail([call("a")]);
  const [, scheduled, requested] = standardEvents;
  if (scheduled === undefined || requested === undefined) throw new Error("no events");
  expect(await watch.before(scheduled)).toEqual([]);
  expect(await watch.before(requested)).toEqual([{ task: 1, turn: 1, at: at(1000), calls: [call("a")] }]);
});

test("an answer that does not come is no failure: the next look has the calls", async () => {
  let isDown = true;
  const watch = new ToolCallWatch(
    { task: async () => (isDown ? Promise.reject(new Error("gone")) : detail([call("a")])) },
    ID,
  );
  const view = execution({ tasks: [task(1, "coder", { toolCalls: 1 })] });
  expect(await watch.since(view)).toEqual([]);
  isDown = false;
  expect(await watch.since(view)).toHaveLength(1);
});
