import { describe, expect, test } from "vitest";
import { markOf } from "../../../../functions/shared/agent/handoff-trail.ts";
import { HandoffCall } from "../../../../functions/shared/contracts/handoff.ts";
import { taskKey } from "../../../../functions/shared/contracts/resources.ts";
import {
  AgentWorld,
  answer,
  call,
  countingTool,
  EXECUTION,
  MANIFEST,
  succeeded,
  TASK,
  text,
  turn,
} from "./agent-world.ts";

const ask = (input: object, id = "h1") => call("handoff", input, id);
const single = (agent: string, task = "plan it") => ({ mode: "single", to: [{ agent, task }] });

/** A task whose first turn makes this handoff; the second answers when it was refused. */
const worldOf = (input: object, options: ConstructorParameters<typeof AgentWorld>[0] = {}) =>
  new AgentWorld({ script: [turn([ask(input)]), answer("I did it myself")], ...options });

const refusalOf = async (input: object, options: ConstructorParameters<typeof AgentWorld>[0] = {}) => {
  const world = worldOf(input, options);
  expect(await world.deliver()).toBe("done");
  expect(world.record().status).toBe("SUCCEEDED");
  expect(world.shown("h1")?.is_error).toBe(true);
  return world.shown("h1")?.content ?? "";
};

const suspensionOf = (world: AgentWorld) => {
  const record = world.record();
  return record.status === "SUSPENDED" ? record.suspension : undefined;
};

describe("a handoff that stands", () => {
  test("suspends the record once with the whole call, tells, and ends the function", async () => {
    const input = {
      mode: "parallel",
      to: [
        { agent: "planner", task: "plan it", context: "it is a cache" },
        { agent: "critic", task: "find risks" },
      ],
      onFailure: { quorum: 1 },
      deadlineSeconds: 60,
    };
    const world = worldOf(input);
    expect(await world.deliver()).toBe("done");
    expect(world.record()).toMatchObject({ status: "SUSPENDED", turns: 1 });
    expect(world.record()).not.toHaveProperty("claim");
    expect(suspensionOf(world)).toEqual({
      k: 1,
      turn: 1,
      calls: [
        {
          callId: "h1",
          mode: "parallel",
          to: [
            {
              agent: "planner",
              packet: { task: { inline: "plan it" }, context: { inline: "it is a cache" }, artifacts: [] },
            },
            { agent: "critic", packet: { task: { inline: "find risks" }, artifacts: [] } },
          ],
          onFailure: { quorum: 1 },
          deadlineSeconds: 60,
        },
      ],
      trail: [markOf("coder", "Write a rate limiter")],
    });
    expect(world.hints()).toEqual([{ v: 1, kind: "look", executionId: EXECUTION, task: 1, agent: "coder" }]);
    expect(world.permit()).toMatchObject({ committedTokens: 100, open: {} });
    expect(world.calls()).toEqual([]);
  });

  test("makes as many requests as an answer does", async () => {
    const world = worldOf(single("planner"));
    await world.deliver();
    expect(world.store.requests).toHaveLength(7);
    expect(world.queues.sent).toHaveLength(1);
  });

  test("the same agent twice is legal when the tasks differ [bad-input 25]", async () => {
    const to = ["risks of the API", "risks of the store"].map((task) => ({ agent: "critic", task }));
    const world = worldOf({ mode: "parallel", to });
    await world.deliver();
    expect(suspensionOf(world)?.calls[0]?.to).toHaveLength(2);
  });

  test("beside ordinary calls, those run first and are recorded; each call gets one answer [bad-input 28]", async () => {
    const { tool, runs } = countingTool("act", "external", (n) => `run ${n}`);
    const handoffTool = (await import("../../../../functions/shared/agent/handoff-tool.ts")).handoff;
    const calls = [ask(single("planner")), call("act", { n: 1 }, "t1"), call("act", { n: 2 }, "t2")];
    const world = new AgentWorld({
      script: [turn(calls), answer("done")],
      spec: { tools: [tool, handoffTool] },
    });
    await world.deliver();
    expect(runs).toHaveLength(2);
    expect(world.record().status).toBe("SUSPENDED");
    expect(world.calls().map(({ callId, status }) => [callId, status])).toEqual([
      ["t1", "finished"],
      ["t2", "finished"],
    ]);
    await world.resume([{ callId: "h1", branches: [planned("the plan")] }]);
    await world.deliver("m2");
    const results = world.model.requests[1]?.messages[2]?.content as unknown as { tool_use_id: string }[];
    expect(results.map((block) => block.tool_use_id)).toEqual(["h1", "t1", "t2"]);
    expect(runs).toHaveLength(2);
  });

  test("two handoff calls in one turn suspend once, and each gets its own answer [bad-input 29]", async () => {
    const world = new AgentWorld({
      script: [turn([ask(single("planner"), "h1"), ask(single("critic"), "h2")]), answer("done")],
    });
    await world.deliver();
    expect(suspensionOf(world)?.calls.map(({ callId }) => callId)).toEqual(["h1", "h2"]);
    expect(world.hints()).toHaveLength(1);
    await world.resume([
      { callId: "h1", branches: [planned("A")] },
      { callId: "h2", branches: [{ ...planned("B"), agent: "critic" }] },
    ]);
    await world.deliver("m2");
    expect(JSON.parse(world.shown("h1")?.content ?? "")).toEqual([
      { agent: "planner", status: "succeeded", answer: "A" },
    ]);
    expect(JSON.parse(world.shown("h2")?.content ?? "")).toEqual([
      { agent: "critic", status: "succeeded", answer: "B" },
    ]);
  });

  test("a refused call beside a good one gets its error when the good one is answered", async () => {
    const world = new AgentWorld({
      script: [turn([ask(single("coder"), "bad"), ask(single("planner"), "good")]), answer("done")],
    });
    await world.deliver();
    expect(suspensionOf(world)?.calls.map(({ callId }) => callId)).toEqual(["good"]);
    await world.resume([{ callId: "good", branches: [planned("A")] }]);
    await world.deliver("m2");
    expect(world.shown("bad")).toMatchObject({ is_error: true });
    expect(world.shown("good")).not.toHaveProperty("is_error");
  });

  test("large packets become blobs, so that the record stays small", async () => {
    const to = Array.from({ length: 100 }, (_, n) => ({
      agent: "critic",
      task: `${n} ${"t".repeat(3_000)}`,
      context: "c".repeat(3_000),
    }));
    const world = worldOf({ mode: "parallel", to });
    await world.deliver();
    const item = await world.store.get(taskKey("coder", TASK));
    expect(Buffer.byteLength(JSON.stringify(item))).toBeLessThan(64 * 1024);
    const stored = HandoffCall.parse(suspensionOf(world)?.calls[0]).to[42]?.packet.task;
    expect(stored).toHaveProperty("sha256");
    expect(world.blobs.texts.get((stored as { ref: string }).ref)).toBe(`42 ${"t".repeat(3_000)}`);
  });

  test("artifacts are named by their one form and must exist", async () => {
    const world = new AgentWorld({
      script: [
        turn([call("write_file", { path: "src/caf\u00e9.ts", content: "x" })]),
        turn([
          ask({ mode: "single", to: [{ agent: "critic", task: "t", artifacts: ["src/cafe\u0301.ts"] }] }),
        ]),
      ],
    });
    await world.deliver();
    expect(suspensionOf(world)?.calls[0]?.to[0]?.packet.artifacts).toEqual(["src/caf\u00e9.ts"]);
  });
});

describe("a handoff that is refused before anything is paid", () => {
  test("to itself: the allowed agents are named [bad-input 23]", async () => {
    expect(await refusalOf(single("coder"))).toBe(
      'SELF_HANDOFF: you are "coder"; you may hand off to "planner", "critic"',
    );
  });

  test("to an unknown agent: the nearest name is offered [bad-input 24]", async () => {
    expect(await refusalOf(single("plannner"))).toContain('did you mean "planner"?');
  });

  test("to an agent that its spec does not allow", async () => {
    const manifest = MANIFEST.map((agent) =>
      agent.name === "coder" ? { ...agent, handoffs: ["planner"] } : agent,
    );
    expect(await refusalOf(single("critic"), { manifest })).toMatch(
      /^HANDOFF_NOT_ALLOWED: .*only to "planner"/,
    );
  });

  test("with an empty list [bad-input 25]", async () => {
    expect(await refusalOf({ mode: "parallel", to: [] })).toMatch(/^INVALID_INPUT: to: /);
  });

  test("the same agent with the same task twice [bad-input 25]", async () => {
    const to = ["Find  risks", "find risks"].map((task) => ({ agent: "critic", task }));
    expect(await refusalOf({ mode: "parallel", to })).toMatch(/^DUPLICATE_BRANCH/);
  });

  test("to whom the same was asked further up, however long the circle is [bad-input 26]", async () => {
    const packet = { task: { inline: "Decide on the store" }, artifacts: [] };
    // planner asked critic in other words, who asked this coder; now the circle would close.
    const trail = [markOf("planner", "Write it"), markOf("critic", "Which  store?")];
    const request = { from: "critic", depth: 2, packet, trail };
    expect(await refusalOf(single("critic", "WHICH store?"), { request })).toMatch(
      /^REPEATED_HANDOFF: "critic" was asked exactly this before/,
    );
    const other = worldOf(single("critic", "Which store is fast?"), { request });
    await other.deliver();
    expect(suspensionOf(other)?.trail).toEqual([...trail, markOf("coder", "decide on the store")]);
    const elsewhere = worldOf(single("planner", "which store?"), { request });
    await elsewhere.deliver();
    expect(elsewhere.record().status).toBe("SUSPENDED");
  });

  test("back to who asked, in the same words: ping-pong [bad-input 26]", async () => {
    const packet = { task: { inline: "Decide on the store" }, artifacts: [] };
    const request = { from: "planner", depth: 1, packet };
    expect(await refusalOf(single("planner", "decide on the store"), { request })).toMatch(
      /^REPEATED_HANDOFF/,
    );
    const other = worldOf(single("planner", "Which stores do we know?"), { request });
    await other.deliver();
    expect(other.record().status).toBe("SUSPENDED");
  });

  test("deeper than the execution allows [bad-input 26]", async () => {
    expect(await refusalOf(single("planner"), { request: { depth: 5 } })).toMatch(/^DEPTH_EXCEEDED/);
    const last = worldOf(single("planner"), { request: { depth: 4 } });
    await last.deliver();
    expect(last.record().status).toBe("SUSPENDED");
  });

  test("101 branches in one call: FANOUT_TOO_LARGE with the limit [bad-input 27]", async () => {
    const to = Array.from({ length: 101 }, () => ({ agent: "critic", task: "look" }));
    expect(await refusalOf({ mode: "parallel", to })).toMatch(/^FANOUT_TOO_LARGE: .*100 branches.*101/);
  });

  test("101 branches over the calls of a turn: the call that crosses the limit is refused [bad-input 27]", async () => {
    const branches = (count: number) =>
      Array.from({ length: count }, (_, n) => ({ agent: "critic", task: `look at ${n}` }));
    const calls = [60, 41, 40].map((count, n) => ask({ mode: "parallel", to: branches(count) }, `h${n}`));
    const world = new AgentWorld({ script: [turn(calls)] });
    await world.deliver();
    expect(suspensionOf(world)?.calls.map(({ callId, to }) => [callId, to.length])).toEqual([
      ["h0", 60],
      ["h2", 40],
    ]);
    expect(world.calls()[0]?.result?.content).toEqual({ inline: expect.stringMatching(/^FANOUT_TOO_LARGE/) });
  });

  test.each([-1, 0, 1.5, "soon", 400 * 86_400])(
    "with a deadline of %s [bad-input 32]",
    async (deadlineSeconds) => {
      expect(await refusalOf({ ...single("planner"), deadlineSeconds })).toMatch(
        /^INVALID_INPUT: deadlineSeconds/,
      );
    },
  );

  test("with a quorum above the number of branches [bad-input 33]", async () => {
    const to = ["planner", "critic"].map((agent) => ({ agent, task: "look" }));
    expect(await refusalOf({ mode: "parallel", to, onFailure: { quorum: 3 } })).toMatch(/^QUORUM_TOO_LARGE/);
  });

  test.each(["single", "transfer"])("%s with two targets", async (mode) => {
    const to = ["planner", "critic"].map((agent) => ({ agent, task: "look" }));
    expect(await refusalOf({ mode, to })).toMatch(/^ONE_TARGET_ONLY/);
  });

  test("a transfer beside another handoff call; the other stands", async () => {
    const transfer = { mode: "transfer", to: [{ agent: "planner", task: "take over" }] };
    const world = new AgentWorld({ script: [turn([ask(transfer, "h1"), ask(single("critic"), "h2")])] });
    await world.deliver();
    expect(suspensionOf(world)?.calls.map(({ callId }) => callId)).toEqual(["h2"]);
    expect(world.calls()[0]?.result?.content).toEqual({
      inline: expect.stringMatching(/^TRANSFER_NOT_ALONE/),
    });
  });

  test.each(["../x", "/etc/passwd", "missing.ts"])("with the artifact %s", async (path) => {
    const to = [{ agent: "planner", task: "look", artifacts: [path] }];
    expect(await refusalOf({ mode: "single", to })).toMatch(/^(INVALID_PATH|ARTIFACT_NOT_FOUND)/);
  });

  test("with fields that nobody knows", async () => {
    expect(await refusalOf({ ...single("planner"), agnet: "x" })).toContain("agnet");
  });

  test("the eleventh handoff of a task", async () => {
    const world = new AgentWorld({
      script: [
        ...Array.from({ length: 11 }, (_, n) => turn([ask(single("planner", `part ${n}`), `h${n}`)])),
        answer("enough"),
      ],
    });
    for (let k = 1; k <= 10; k++) {
      await world.deliver(`m${k}`);
      await world.resume([{ callId: `h${k - 1}`, branches: [planned(`${k}`)] }], k);
    }
    await world.deliver("m11");
    expect(world.record().status).toBe("SUCCEEDED");
    expect(world.shown("h10")?.content).toMatch(/^TOO_MANY_HANDOFFS/);
    expect(JSON.parse(world.shown("h3")?.content ?? "")[0].answer).toBe("4");
    expect(world.model.requests).toHaveLength(12);
  });

  test("an agent that may hand off to nobody is not shown the tool, and refused when it uses it", async () => {
    const manifest = MANIFEST.map((agent) => (agent.name === "coder" ? { ...agent, handoffs: [] } : agent));
    const content = await refusalOf(single("planner"), { manifest });
    expect(content).toMatch(/^TOOL_NOT_ALLOWED: you may not use "handoff"/);
  });
});

const planned = (words: string) => succeeded("planner", { text: words });

describe("a resumed task", () => {
  const parallel = {
    mode: "parallel",
    to: ["planner", "critic"].map((agent) => ({ agent, task: "look" })),
  };

  test("goes on with the same conversation and the answers as the tool result, failures labelled [bad-input 30]", async () => {
    const world = worldOf(parallel);
    await world.deliver();
    const failed = {
      agent: "critic",
      taskId: `${EXECUTION}.3`,
      status: "failed" as const,
      error: { name: "BudgetExceeded", message: "nothing left" },
    };
    await world.resume([{ callId: "h1", branches: [planned("the plan"), failed] }]);
    expect(await world.deliver("m2")).toBe("done");
    expect(JSON.parse(world.shown("h1")?.content ?? "")).toEqual([
      { agent: "planner", status: "succeeded", answer: "the plan" },
      { agent: "critic", status: "failed", error: { name: "BudgetExceeded", message: "nothing left" } },
    ]);
    expect(world.record()).toMatchObject({ status: "SUCCEEDED", turns: 2, crashes: 0 });
    expect(world.turns()[1]?.given).toBeDefined();
    expect(world.model.callsByTurn.get(1)).toBe(1);
  });

  test("an answer that is a blob becomes a file beside a preview [bad-input 34]", async () => {
    const whole = "p".repeat(5 * 1024 * 1024);
    const world = worldOf(parallel);
    const blob = await world.blobs.put(EXECUTION, whole);
    await world.deliver();
    const large = { ...planned(""), answer: { blob, preview: whole.slice(0, 1024) } };
    await world.resume([{ callId: "h1", branches: [large, { ...planned("ok"), taskId: `${EXECUTION}.3` }] }]);
    const path = `handoffs/${EXECUTION}.2.md`;
    world.model.requests.length = 0;
    await world.deliver("m2");
    expect(JSON.parse(world.shown("h1")?.content ?? "")[0]).toEqual({
      agent: "planner",
      status: "succeeded",
      answer: whole.slice(0, 1024),
      bytes: whole.length,
      path,
    });
    expect(world.store.items().find((item) => item.sk === path)).toMatchObject({
      blob: { sha256: blob.sha256 },
    });
  });

  test.each([900_000, 100_000])(
    "answers are stored with the one turn that was given them, with %i ms for an invocation",
    async (remainingMs) => {
      const world = new AgentWorld({
        script: [turn([ask(single("planner"), "h1")]), turn([call("list_files", {})]), answer("done")],
      });
      await world.deliver();
      await world.resume([{ callId: "h1", branches: [planned("A")] }]);
      world.remaining(remainingMs);
      await world.deliver("m2");
      await world.deliver("m3");
      expect(world.record().status).toBe("SUCCEEDED");
      expect(world.turns().map(({ given }) => given !== undefined)).toEqual([false, true, false]);
    },
  );

  test("what a turn was given is told again in the same words after the next suspension", async () => {
    const world = new AgentWorld({
      script: [
        turn([ask(single("planner"), "h1")]),
        turn([text("and now"), ask(single("critic"), "h2")]),
        answer("done"),
      ],
    });
    await world.deliver();
    await world.resume([{ callId: "h1", branches: [planned("A")] }]);
    await world.deliver("m2");
    const first = world.shown("h1")?.content;
    await world.resume([{ callId: "h2", branches: [planned("B")] }], 2);
    await world.deliver("m3");
    expect(world.record().status).toBe("SUCCEEDED");
    expect(world.shown("h1")?.content).toBe(first);
    expect(JSON.parse(world.shown("h2")?.content ?? "")[0].answer).toBe("B");
    expect(world.record().usage.calls).toBe(3);
  });
});
