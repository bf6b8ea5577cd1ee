import { expect, test } from "vitest";
import type { EventView, ExecutionView } from "../../../../functions/shared/contracts/api.ts";
import type { ApiClient, ExecutionLook } from "../../../../infra/cli/api-client.ts";
import { followExecution, type Watcher } from "../../../../infra/cli/follow-execution.ts";
import { at, execution, finished, ID, standardEvents, task, usage } from "./standard-execution.ts";

const asking = execution({ tasks: [task(1, "coder", { doing: "model", turns: 1, toolCalls: 1 })] });
const running = execution({ tasks: [task(1, "coder", { doing: "run_tests", turns: 2, toolCalls: 2 })] });

/** An API that answers looks one after the other as told; the last event comes when all were asked for. */
const aScriptedApi = (looks: readonly ExecutionLook[]) => {
  const asked: { tag: string | undefined; wait: number | undefined }[] = [];
  const all = Promise.withResolvers<void>();
  const [first] = standardEvents;
  const last = standardEvents.at(-1);
  if (first === undefined || last === undefined) throw new Error("no events");
  const api: Pick<ApiClient, "execution" | "executionSince" | "history" | "task"> = {
    execution: async () => finished,
    executionSince: async (_id, tag, poll) => {
      asked.push({ tag, wait: poll?.waitSeconds });
      const look = looks[asked.length - 1];
      if (look !== undefined) return look;
      all.resolve();
      return new Promise<never>((_, reject) =>
        poll?.signal?.addEventListener("abort", () => reject(poll.signal?.reason)),
      );
    },
    history: async (_id, { after }) => {
      if (after === 0) return { status: "RUNNING", events: [first] };
      await all.promise;
      return { status: "SUCCEEDED", events: [last] };
    },
    task: async (_id, n) => ({
      ...task(n, "coder", { toolCalls: 2 }),
      request: "Write it",
      turnList: [
        {
          turn: 1,
          at: at(900),
          model: "m-1",
          stopReason: "tool_use",
          text: "",
          usage: usage(1),
          toolCalls: [{ callId: "a", tool: "list_files", status: "finished", input: "{}" }],
        },
      ],
    }),
  };
  return { api: api as ApiClient, asked };
};

const aWatcher = () => {
  const seen: string[] = [];
  const tools = (calls: Parameters<Watcher["view"]>[1]) =>
    calls.flatMap((one) => one.calls.map(({ tool }) => tool));
  const watcher: Watcher = {
    event: ({ type }: EventView) => seen.push(type),
    view: ({ status, version }: ExecutionView, calls) =>
      seen.push([status, version, ...tools(calls)].join(" ")),
  };
  return { seen, watcher };
};

test("a wait begins where the last look ended, and one in vain is followed by a whole look", async () => {
  const { api, asked } = aScriptedApi([
    { view: asking, tag: "a" },
    { view: running, tag: "b" },
    { view: undefined, tag: "b" },
  ]);
  const { watcher } = aWatcher();
  expect(await followExecution(api, ID, watcher)).toEqual(finished);
  expect(asked).toEqual([
    { tag: undefined, wait: undefined },
    { tag: "a", wait: 5 },
    // Tools run, which ends no wait.
    { tag: "b", wait: 1 },
    { tag: undefined, wait: undefined },
  ]);
});

test("new tool calls come with the view that counts them, once", async () => {
  const { api } = aScriptedApi([
    { view: asking, tag: "a" },
    { view: asking, tag: "b" },
  ]);
  const { watcher, seen } = aWatcher();
  await followExecution(api, ID, watcher);
  expect(seen).toEqual([
    "ExecutionStarted",
    "RUNNING 3 list_files",
    "RUNNING 3",
    "ExecutionSucceeded",
    "SUCCEEDED 3",
  ]);
});
