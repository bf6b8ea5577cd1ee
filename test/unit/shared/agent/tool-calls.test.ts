import { describe, expect, test } from "vitest";
import { z } from "zod";
import { readFile } from "../../../../functions/shared/agent/tools/read-file.ts";
import { LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import {
  callKey,
  filesPartition,
  WORKSPACE_TOTALS,
} from "../../../../functions/shared/contracts/resources.ts";
import { FileRecord } from "../../../../functions/shared/contracts/task-record.ts";
import { AgentWorld, answer, call, countingTool, EXECUTION, TASK, text, turn } from "./agent-world.ts";
import { atEachRequest, deliverTo } from "./doomed.ts";

/** A task whose first turn makes these calls, and whose second answers. */
const worldOf = (calls: Parameters<typeof turn>[0], ...tools: ReturnType<typeof countingTool>["tool"][]) =>
  new AgentWorld({ script: [turn(calls), answer("done")], ...(tools.length > 0 ? { spec: { tools } } : {}) });

describe("a failing tool is an answer", () => {
  test("an unknown tool is an error result that offers the nearest name [bad-input 44]", async () => {
    const world = worldOf([call("raed_file", { path: "a" }, "t1")]);
    await world.deliver();
    expect(world.shown("t1")).toEqual({
      type: "tool_result",
      tool_use_id: "t1",
      is_error: true,
      content:
        'TOOL_NOT_FOUND: there is no tool "raed_file" (did you mean "read_file"?); there are list_files, read_file, write_file, handoff',
    });
    expect(world.record().status).toBe("SUCCEEDED");
  });

  test("unknown tools three turns in a row end the task as ModelProtocol [bad-input 44]", async () => {
    const script = [1, 2, 3].map((n) => turn([call("teleport", { n })]));
    const world = new AgentWorld({ script: [...script, answer("never")] });
    await world.deliver();
    expect(world.failure()?.name).toBe("ModelProtocol");
    expect(world.model.requests).toHaveLength(3);
  });

  test("a known tool in between breaks the row", async () => {
    const script = ["teleport", "teleport", "list_files", "teleport", "teleport"].map((name, n) =>
      turn([call(name, name === "list_files" ? {} : { n })]),
    );
    const world = new AgentWorld({ script: [...script, answer("found it")] });
    await world.deliver();
    expect(world.record().status).toBe("SUCCEEDED");
  });

  test.each([
    ["a missing field", { content: "x" }, "path"],
    ["a wrong type", { path: 7, content: "x" }, "path"],
    ["an extra field", { path: "a", content: "x", mode: 755 }, "mode"],
    ["JSON that was cut", { $malformed: '{"path": "a' }, "path"],
    ["a string", '{"path": "a"', "input"],
    ["null", null, "input"],
    ["a list", ["a"], "input"],
  ])("%s in the arguments is an error result that names the path [bad-input 45]", async (_, input, path) => {
    const world = worldOf([call("write_file", input, "t1")]);
    await world.deliver();
    expect(world.shown("t1")?.is_error).toBe(true);
    expect(world.shown("t1")?.content).toMatch(/^INVALID_INPUT: /);
    expect(world.shown("t1")?.content).toContain(path);
    expect(world.record().status).toBe("SUCCEEDED");
    // The API takes nothing but objects as an input, also when it is told of a past one.
    const said = world.model.requests[1]?.messages[1]?.content[0] as { input: unknown };
    expect(said.input).toEqual(
      typeof input === "object" && input !== null && !Array.isArray(input) ? input : {},
    );
  });

  test("a tool that throws is an error result, without a stack", async () => {
    const { tool } = countingTool("explode", "external", () => {
      throw new RangeError("boom");
    });
    const world = worldOf([call("explode", {}, "t1")], tool);
    await world.deliver();
    expect(world.shown("t1")).toMatchObject({ is_error: true, content: "TOOL_FAILED: boom" });
  });
});

describe("a large result", () => {
  const talking = (result: string, tools = [readFile]) => {
    const { tool } = countingTool("talk", "readOnly", () => result);
    const world = new AgentWorld({
      script: [turn([call("talk", {}, "t1")]), answer("done")],
      spec: { tools: [tool, ...tools] },
    });
    return world;
  };

  test("above 32 KiB is a file of the workspace: the model is shown its beginning and the path", async () => {
    const result = `${"ä".repeat(39_999)}!\n`;
    const world = talking(result);
    await world.deliver();
    const { content = "", is_error } = world.shown("t1") ?? {};
    expect(is_error).toBeUndefined();
    expect(Buffer.byteLength(content)).toBeLessThanOrEqual(3 * 1024);
    const [, path = ""] =
      /^\[the result has 80000 bytes; the whole is in (tool-results\/1\.1\.0-[0-9a-f]{8}\.txt): read_file .*\]\nä{1024}$/.exec(
        content,
      ) ?? [];
    const file = FileRecord.parse(world.store.items().find(({ sk }) => sk === path));
    expect(await world.blobs.get(file.blob)).toBe(result);
    expect(file).toMatchObject({ by: "coder", taskId: TASK, version: 1 });
  });

  test("above 5 MiB is stored up to there, and the model is told so", async () => {
    const world = talking("x".repeat(6 * 1024 * 1024));
    await world.deliver();
    expect(world.shown("t1")?.content).toContain("its first 5242880 are in tool-results/");
    const [file] = world.store.items().filter(({ sk }) => sk.startsWith("tool-results/"));
    expect(file?.["blob"]).toMatchObject({ bytes: 5 * 1024 * 1024 });
  });

  test.each([
    ["an agent that cannot read files", (): AgentWorld => talking("ä".repeat(40_000), [])],
    [
      "a workspace that is full",
      (): AgentWorld => {
        const world = talking("ä".repeat(40_000));
        world.store.force({
          pk: filesPartition(EXECUTION),
          sk: WORKSPACE_TOTALS,
          files: LIMITS.workspaceFilesMax,
          bytes: 0,
          expiresAt: 1,
        });
        return world;
      },
    ],
  ])("of %s is cut, with a notice that says so", async (_, make) => {
    const world = make();
    await world.deliver();
    const content = world.shown("t1")?.content ?? "";
    expect(Buffer.byteLength(content)).toBeLessThanOrEqual(32 * 1024);
    expect(content).toMatch(/ä\n\[cut: the result has 80000 bytes/);
    expect(world.store.items().filter(({ sk }) => sk.startsWith("tool-results/"))).toEqual([]);
  });

  test("is also one for which a turn's other results leave no room", async () => {
    const { tool } = countingTool("talk", "readOnly", (n) => `${n}`.repeat(30_000));
    const calls = Array.from({ length: 5 }, (_, n) => call("talk", { n }, `t${n}`));
    const world = new AgentWorld({
      script: [turn(calls), answer("done")],
      spec: { tools: [tool, readFile] },
    });
    await world.deliver();
    const told = calls.map((_, n) => world.shown(`t${n}`)?.content ?? "");
    expect(told.map((content) => content.startsWith("[the result has"))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
    const bytes = told.reduce((sum, content) => sum + content.length, 0);
    expect(bytes).toBeLessThanOrEqual(LIMITS.turnResultsBytesMax + 2 * 3 * 1024);
  });

  test.each([true, false])(
    "is one file and one result, wherever the function dies; applied: %s (P6, W3)",
    async (applied) => {
      const tellings = await atEachRequest(applied, async (doomed, at) => {
        const world = talking("x".repeat(40_000));
        await deliverTo(doomed, world);
        await world.deliver("m1");
        expect(world.record().status, at).toBe("SUCCEEDED");
        const files = world.store.items().filter(({ pk }) => pk === filesPartition(EXECUTION));
        expect(
          files.filter(({ sk }) => sk !== WORKSPACE_TOTALS),
          at,
        ).toHaveLength(1);
        const totals = files.find(({ sk }) => sk === WORKSPACE_TOTALS);
        expect([1, 2], at).toContain(totals?.["files"]);
        const [, path = ""] = /in (\S+): read_file/.exec(world.shown("t1")?.content ?? "") ?? [];
        expect(
          files.map(({ sk }) => sk),
          at,
        ).toContain(path);
      });
      expect(tellings).toBeGreaterThan(15);
    },
    30_000,
  );
});

describe("one turn's calls", () => {
  test("each is recorded started before it runs, and finished after it", async () => {
    const seen: string[] = [];
    const { tool } = countingTool("look", "external", () => {
      seen.push(world.calls()[0]?.status ?? "not recorded");
      return "seen";
    });
    const world: AgentWorld = worldOf([call("look", { note: "x".repeat(2_000) }, "t1")], tool);
    await world.deliver();
    expect(seen).toEqual(["started"]);
    expect(world.calls()).toMatchObject([
      { turn: 1, index: 0, callId: "t1", tool: "look", status: "finished", result: { isError: false } },
    ]);
    expect(world.calls()[0]?.input).toHaveLength(1_024);
  });

  test("of 64 calls the first 16 are run and the rest refused with the limit [bad-input 46]", async () => {
    const { tool, runs } = countingTool("count", "external", (n) => `run ${n}`);
    const calls = Array.from({ length: 64 }, (_, n) => call("count", { n }, `t${n}`));
    const world = worldOf(calls, tool);
    await world.deliver();
    expect(runs).toHaveLength(16);
    expect(world.shown("t15")).toMatchObject({ content: "run 16" });
    expect(world.shown("t16")).toMatchObject({
      is_error: true,
      content: expect.stringContaining("16 tool calls"),
    });
    const results = world.model.requests[1]?.messages[2]?.content as unknown as { tool_use_id: string }[];
    expect(results.map((block) => block.tool_use_id)).toEqual(
      calls.map((block) => (block as { id: string }).id),
    );
  });

  test("the same call three turns in a row is answered with an error, ten end the task as NoProgress [bad-input 47]", async () => {
    const { tool, runs } = countingTool("poll", "external", () => "not yet");
    const script = Array.from({ length: 12 }, (_, n) =>
      // The order of the keys makes no difference.
      turn([call("poll", n % 2 === 0 ? { n: 1, note: "x" } : { note: "x", n: 1 }, `t${n}`)]),
    );
    const world = new AgentWorld({ script, spec: { tools: [tool] } });
    await world.deliver();
    expect(runs).toHaveLength(2);
    expect(world.failure()?.name).toBe("NoProgress");
    expect(world.model.requests).toHaveLength(10);
    expect(world.shown("t2")).toMatchObject({ is_error: true, content: expect.stringMatching(/^SAME_CALL/) });
  });

  test("the same call twice in one turn counts once: the model had seen no result yet", async () => {
    const { tool, runs } = countingTool("poll", "external", (n) => `${n}`);
    const world = worldOf(
      ["a", "b", "c", "d"].map((id) => call("poll", {}, id)),
      tool,
    );
    await world.deliver();
    expect(runs).toHaveLength(4);
  });

  test.each(["execution", "task"] as const)(
    "no call is started once the %s is stopped (P3)",
    async (scope) => {
      const { tool, runs } = countingTool("stop", "external", () => {
        void world.stop(scope);
        return "stopping";
      });
      const world: AgentWorld = worldOf([call("stop", { n: 1 }), call("stop", { n: 2 })], tool);
      await world.deliver();
      expect(runs).toHaveLength(1);
      expect(world.failure()?.name).toBe("Aborted");
      expect(world.permit()).toMatchObject({ committedTokens: 100, open: {} });
    },
  );

  test("what no longer fits into the invocation is run by the next one", async () => {
    const { tool, runs } = countingTool("slow", "external", () => {
      world.remaining(20_000);
      return "ok";
    });
    const world: AgentWorld = worldOf([call("slow", { n: 1 }), call("slow", { n: 2 })], tool);
    expect(await world.deliver()).toBe("done");
    expect(runs).toEqual([{ n: 1 }]);
    expect(await world.remaining(900_000).deliver("m2")).toBe("done");
    expect(runs).toEqual([{ n: 1 }, { n: 2 }]);
  });
});

describe("after a takeover (P6)", () => {
  /** The state that a function leaves which died while it ran the second of two calls. */
  const takeOver = async (effect: "external" | "idempotent" | "readOnly") => {
    const { tool, runs } = countingTool("act", effect, (n) => `run ${n}`);
    const dying = countingTool("act", effect, (n) => (n === 1 ? "run 1" : new Promise<string>(() => {})));
    const script = [turn([call("act", { n: 1 }, "t1"), call("act", { n: 2 }, "t2")]), answer("done")];
    const world = new AgentWorld({ script, spec: { tools: [tool] } });
    const dead = new AgentWorld({ script, spec: { tools: [dying.tool] } });
    void dead
      .agent({ store: world.store, model: world.model, queues: world.queues, blobs: world.blobs })
      .handle(world.delivery(), world.invocation);
    await world.rounds();
    expect(world.calls().map(({ status }) => status)).toEqual(["finished", "started"]);
    world.clock.advance(10_000);
    expect(await world.deliver()).toBe("done");
    return { world, runs };
  };

  test.each(["idempotent", "readOnly"] as const)(
    "a started %s call is run again, a finished one is not",
    async (effect) => {
      const { world, runs } = await takeOver(effect);
      expect(runs).toEqual([{ n: 2 }]);
      expect(world.shown("t1")?.content).toBe("run 1");
      expect(world.shown("t2")).not.toHaveProperty("is_error");
      expect(world.model.callsByTurn.get(1)).toBe(1);
    },
  );

  test("a started external call is never run again: its outcome is unknown, durably", async () => {
    const { world, runs } = await takeOver("external");
    expect(runs).toEqual([]);
    expect(world.calls()[1]).toMatchObject({ status: "unknown", result: { isError: true } });
    expect(world.shown("t2")?.content).toMatch(/^OUTCOME_UNKNOWN/);
  });

  const theirs = {
    ...callKey("coder", TASK, 1, 0),
    turn: 1,
    index: 0,
    callId: "t1",
    tool: "act",
    status: "finished",
    input: "{}",
    startedAt: 1,
    finishedAt: 2,
    result: { content: { inline: "theirs" }, isError: false },
  };

  test.each(["before it is looked at", "while it is begun"])(
    "a result that another owner stored %s is adopted, and nothing is run",
    async (when) => {
      const { tool, runs } = countingTool("act", "idempotent", () => "mine");
      const world = worldOf([call("act", {}, "t1")], tool);
      const create = world.store.create.bind(world.store);
      if (when === "before it is looked at") world.store.force(theirs);
      world.store.create = (item) => {
        if (item.sk === theirs.sk) world.store.force(theirs);
        return create(item);
      };
      await world.deliver();
      expect(runs).toEqual([]);
      expect(world.shown("t1")?.content).toBe("theirs");
    },
  );
});

describe("answers with a schema [bad-input 50]", () => {
  const output = z.object({ risks: z.array(z.string()) });

  test("an answer off the schema is sent back with the path, and the repaired one counts", async () => {
    const world = new AgentWorld({
      script: [answer('{"risks": [1]}'), answer('{"risks": ["fire"]}')],
      spec: { output },
    });
    await world.deliver();
    expect(world.model.requests[1]?.messages.at(-1)).toMatchObject({
      role: "user",
      content: expect.stringContaining("risks.0"),
    });
    expect(world.model.requests[0]?.system).toContain('"risks"');
    expect(world.record()).toMatchObject({ status: "SUCCEEDED", answer: { text: '{"risks": ["fire"]}' } });
  });

  test("every request says what the answer has to fit, as the first turn was told (P14)", async () => {
    const old = { tools: [readFile], output: z.object({ ok: z.boolean() }) };
    const script = [turn([call("read_file", { path: "a" }, "r1")]), answer('{"ok":true,"more":1}')];
    const world = new AgentWorld({ script, spec: old });
    // The first invocation ends after its first turn; then another version is deployed.
    await world.remaining(60_000).deliver();
    expect(world.turns()).toHaveLength(1);
    const deployed = new AgentWorld({
      script,
      spec: { ...old, output: z.object({ ok: z.boolean(), more: z.int() }) },
    });
    await world.remaining(900_000).deliver(
      "m2",
      deployed.agent({
        store: world.store,
        blobs: world.blobs,
        queues: world.queues,
        model: world.model,
      }),
    );
    expect(world.record().status).toBe("SUCCEEDED");
    const schemas = world.model.requests.map(({ answerSchema }) => JSON.stringify(answerSchema));
    expect(schemas).toHaveLength(2);
    expect(schemas[1]).toBe(schemas[0]);
    expect(world.model.requests[0]?.answerSchema).toMatchObject({ type: "object", required: ["ok"] });
  });

  test("after two repairs the attempt ends as OutputSchema, with the path", async () => {
    const world = new AgentWorld({
      script: [answer("no JSON"), answer("{}"), answer('{"risks": "fire"}'), answer("never")],
      spec: { output },
    });
    await world.deliver();
    expect(world.failure()).toMatchObject({
      name: "OutputSchema",
      message: expect.stringContaining("risks"),
    });
    expect(world.model.requests).toHaveLength(3);
  });

  test("a successor sends back what was sent back", async () => {
    const world = new AgentWorld({ script: [turn([text("no")]), answer('{"risks": []}')], spec: { output } });
    await world.remaining(100_000).deliver();
    await world.remaining(900_000).deliver("m2");
    expect(world.record().status).toBe("SUCCEEDED");
    expect(world.calls()).toHaveLength(1);
  });
});
