import { describe, expect, test } from "vitest";
import { turnKey } from "../../../../functions/shared/contracts/resources.ts";
import { NO_USAGE } from "../../../../functions/shared/contracts/usage.ts";
import type { ModelTurn } from "../../../../functions/shared/ports/model.ts";
import {
  AgentWorld,
  answer,
  call,
  EXECUTION,
  MANIFEST,
  TASK,
  TURN_USAGE,
  text,
  turn,
} from "./agent-world.ts";

const HINT = { v: 1, kind: "look", executionId: EXECUTION, task: 1, agent: "coder" };

describe("one message in", () => {
  test("an answer is stored, told and acknowledged (P8)", async () => {
    const world = new AgentWorld({ script: [answer("here it is")] });
    expect(await world.deliver()).toBe("done");
    expect(world.record()).toMatchObject({
      status: "SUCCEEDED",
      answer: { text: "here it is" },
      usage: TURN_USAGE,
      turns: 1,
    });
    expect(world.record()).not.toHaveProperty("claim");
    expect(world.hints()).toEqual([HINT]);
  });

  test("a standard invocation makes eight requests, and their number may only fall", async () => {
    const world = new AgentWorld();
    await world.deliver();
    const stored = world.store.requests.map(({ kind, key }) => `${kind} ${key.split("|")[1] ?? ""}`.trim());
    expect([...stored, ...world.queues.sent.map(({ queue }) => `send ${queue}`)].sort()).toEqual([
      "create TURN#0001",
      "get PROVIDER",
      "list",
      "send events",
      "update PERMIT",
      "update PERMIT",
      "update TASK",
      "update TASK",
    ]);
    expect(world.queues.hidden).toEqual([]);
  });

  test("a turn that follows another in one invocation is reserved and the last one settled by one update", async () => {
    const world = new AgentWorld({ script: [turn([call("list_files", {})]), answer("none")] });
    await world.deliver();
    const permitWrites = world.store.requests.filter(
      ({ kind, key }) => kind === "update" && key.includes("PERMIT"),
    );
    expect(permitWrites).toHaveLength(3);
    expect(world.permit()).toMatchObject({
      committedTokens: 200,
      committedCalls: 2,
      committedMicroUsd: 200,
      open: {},
    });
  });

  test("the system prompt names the agent first, then its prompt, whom to believe, and its peers", async () => {
    const world = new AgentWorld();
    await world.deliver();
    const parts = world.model.requests[0]?.system.split("\n\n") ?? [];
    expect(parts).toEqual([
      'You are the agent "coder": code implementation.',
      "Do your work.",
      expect.stringMatching(/^Whom to believe:\n/),
      'Your peers, whom you may hand off to:\n- "planner": planner\'s role\n- "critic": critic\'s role',
    ]);
  });

  test("the caller's input is the first message, word for word", async () => {
    const world = new AgentWorld({ task: "Write a rate limiter" });
    await world.deliver();
    expect(world.model.requests[0]?.messages).toEqual([{ role: "user", content: "Write a rate limiter" }]);
    expect(world.model.requests[0]?.maxTokens).toBe(8_192);
  });

  test("what a peer asks comes in an envelope that says whose words they are", async () => {
    const packet = {
      task: { inline: "Find risks" },
      context: { inline: "It is a cache" },
      artifacts: ["src/a.ts"],
    };
    const world = new AgentWorld({ request: { packet, from: "planner", depth: 1 } });
    await world.deliver();
    expect(world.model.requests[0]?.messages[0]?.content).toBe(
      '<task from="planner">\nFind risks\n</task>\n\n<context>\nIt is a cache\n</context>\n\n<artifacts>\nsrc/a.ts\n</artifacts>',
    );
  });

  test("assistant messages are stored and sent again exactly as they came, unknown blocks included", async () => {
    const thinking = { type: "thinking", thinking: "hm \ud800", signature: "s=" };
    const world = new AgentWorld({ script: [turn([thinking, call("list_files", {}, "t1")]), answer("ok")] });
    await world.deliver();
    expect(world.model.requests[1]?.messages.slice(1)).toEqual([
      { role: "assistant", content: [thinking, call("list_files", {}, "t1")] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "no files" }] },
    ]);
  });

  test("a deploy between two invocations changes nothing that the model was told", async () => {
    const world = new AgentWorld({ script: [turn([call("list_files", {})]), answer("ok")] });
    world.remaining(100_000); // Time for one turn only.
    expect(await world.deliver()).toBe("done");
    world.remaining(900_000);
    const deployed = new AgentWorld({ spec: { role: "something new", tools: [] }, manifest: MANIFEST });
    const agent = deployed.agent({
      store: world.store,
      blobs: world.blobs,
      queues: world.queues,
      model: world.model,
    });
    await world.settle(agent.handle(world.delivery("m2"), world.invocation));
    const [first, second] = world.model.requests;
    expect(second?.system).toBe(first?.system);
    expect(second?.tools).toEqual(first?.tools);
  });

  test("lone surrogates and control characters of a model do not stick in storage [bad-input 12]", async () => {
    const world = new AgentWorld({ script: [answer("a\ud800b\u0000c\uffffd")] });
    expect(await world.deliver()).toBe("done");
    expect(world.record()).toMatchObject({ answer: { text: "a\ufffdb\u0000c\uffffd" } });
  });

  test("an answer above its share of the requester's record is a blob with a preview [bad-input 34] [bad-input 51]", async () => {
    const long = "é".repeat(3_000_000);
    const world = new AgentWorld({ script: [answer(long)] });
    await world.deliver();
    const record = world.record();
    const stored = record.status === "SUCCEEDED" && "blob" in record.answer ? record.answer : undefined;
    expect(stored?.blob.bytes).toBe(6_000_000);
    expect(stored?.preview).toBe("é".repeat(512));
    expect(world.blobs.texts.get(stored?.blob.ref ?? "")).toBe(long);
  });
});

describe("how a turn may end", () => {
  test.each([
    ["EmptyAnswer", turn([], "end_turn")],
    ["EmptyAnswer", turn([text("  \n")], "end_turn")],
    ["Refused", turn([text("I will not")], "refusal")],
    ["Truncated", turn([text("half an ans")], "max_tokens")],
    ["Truncated", turn([call("write_file", { path: "a" })], "max_tokens")],
  ])("%s has a name of its own, and the turn is paid once [bad-input 48]", async (name, said) => {
    const world = new AgentWorld({ script: [said] });
    expect(await world.deliver()).toBe("done");
    expect(world.failure()?.name).toBe(name);
    expect(world.permit()).toMatchObject({ committedTokens: 100, committedCalls: 1, open: {} });
    expect(world.hints()).toEqual([HINT]);
  });

  test("a stop reason nobody knows is judged by what the message holds", async () => {
    const world = new AgentWorld({ script: [turn([text("fine")], "constructor")] });
    await world.deliver();
    expect(world.record().status).toBe("SUCCEEDED");
  });

  test("a paused turn goes on with the same conversation", async () => {
    const world = new AgentWorld({ script: [turn([text("wait")], "pause_turn"), answer("now")] });
    await world.deliver();
    expect(world.model.requests[1]?.messages.at(-1)?.role).toBe("assistant");
    expect(world.record()).toMatchObject({ status: "SUCCEEDED", answer: { text: "now" } });
  });

  test("a task ends as TooManyTurns when its agent's limit is reached", async () => {
    const script = [1, 2, 3].map((n) => turn([call("list_files", { folder: `f${n}` })]));
    const world = new AgentWorld({ script, spec: { limits: { turns: 3 } } });
    await world.deliver();
    expect(world.failure()).toMatchObject({ name: "TooManyTurns" });
    expect(world.model.requests).toHaveLength(3);
  });

  test("a retried attempt keeps the work, but not the turn that ended the one before (P14)", async () => {
    const world = new AgentWorld({
      script: [turn([call("list_files", {}, "t1")]), turn([], "end_turn")],
    });
    await world.deliver();
    expect(world.failure()?.name).toBe("EmptyAnswer");
    await world.retry();
    const model = new AgentWorld({ script: [answer("unused"), answer("second try")] }).model;
    await world.deliver("m2", world.agent({ model }));
    expect(model.requests).toHaveLength(1);
    expect(model.requests[0]?.messages).toHaveLength(3);
    expect(world.record()).toMatchObject({
      status: "SUCCEEDED",
      attempt: 2,
      turns: 3,
      answer: { text: "second try" },
    });
    expect(world.record().usage.calls).toBe(3);
  });
});

describe("a cut message that a frozen predecessor of an earlier attempt saves late ends no attempt (P14)", () => {
  const cut = {
    ...turnKey("coder", TASK, 1),
    n: 1,
    attempt: 1,
    epoch: 1,
    at: 0,
    message: { inline: JSON.stringify([text("half a")]) },
    stopReason: "max_tokens",
    model: "scripted-1",
    requestId: null,
    usage: NO_USAGE,
    snapshot: { inline: JSON.stringify({ system: "", tools: [] }) },
    expiresAt: 2_000_000_000,
  };

  test("before the next attempt begins", async () => {
    const world = new AgentWorld({ script: [new Error("a bug"), answer("second try")] });
    await world.deliver();
    expect(world.failure()?.name).toBe("Internal");
    world.store.force(cut);
    await world.retry();
    await world.deliver("m2");
    expect(world.record()).toMatchObject({ status: "SUCCEEDED", attempt: 2, turns: 2 });
  });

  test("while the next attempt asks", async () => {
    const late = (): ModelTurn => {
      world.store.force(cut);
      return answer("lost the race");
    };
    const world: AgentWorld = new AgentWorld({ script: [new Error("a bug"), late] });
    await world.deliver();
    await world.retry();
    await world.deliver("m2");
    expect(world.model.requests).toHaveLength(3);
    expect(world.record()).toMatchObject({ status: "SUCCEEDED", attempt: 2, turns: 2 });
  });
});

describe("time runs out", () => {
  test("the claim is released, a continuation is sent, and no crash is counted", async () => {
    const world = new AgentWorld({ script: [turn([call("list_files", {})]), answer("ok")] });
    expect(await world.remaining(329_000).deliver()).toBe("done");
    expect(world.record()).toMatchObject({ status: "SCHEDULED", crashes: 0 });
    expect(world.record()).not.toHaveProperty("claim");
    expect(world.permit()).toMatchObject({ committedTokens: 100, open: {} });
    expect(world.queues.sent).toEqual([
      { queue: "coder", message: { v: 1, kind: "work", taskId: TASK }, delaySeconds: 0 },
    ]);
    expect(await world.remaining(900_000).deliver("m2")).toBe("done");
    expect(world.record()).toMatchObject({ status: "SUCCEEDED", crashes: 0, turns: 2 });
    expect(world.model.callsByTurn).toEqual(
      new Map([
        [1, 1],
        [2, 1],
      ]),
    );
  });

  test("without time to wrap up nothing is started", async () => {
    const world = new AgentWorld();
    expect(await world.remaining(29_000).deliver()).toBe("done");
    expect(world.model.requests).toEqual([]);
    expect(world.queues.sent.map(({ queue }) => queue)).toEqual(["coder"]);
  });
});

describe("messages that are no work", () => {
  test("what is no JSON is left to the dead-letter queue; a newer version is acknowledged", async () => {
    const world = new AgentWorld();
    const send = (body: string) => world.agent().handle({ ...world.delivery(), body }, world.invocation);
    expect(await send("{")).toEqual({ returnAfterSeconds: 0 });
    expect(await send(JSON.stringify({ v: 2, kind: "work", taskId: TASK }))).toBe("done");
    expect(await send(JSON.stringify({ v: 1, kind: "work", taskId: "../x" }))).toBe("done");
    expect(world.store.requests).toEqual([]);
    expect(world.logged).toHaveLength(3);
  });

  test("work for a task that does not exist is logged and acknowledged", async () => {
    const world = new AgentWorld();
    const verdict = await world.agent().handle(world.delivery("m1", `${EXECUTION}.2`), world.invocation);
    expect(verdict).toBe("done");
    expect(world.logged[0]?.fields).toMatchObject({ code: "ORPHAN_WORK" });
  });

  test("a record of a newer schema is not touched", async () => {
    const world = new AgentWorld();
    world.forceRecord({ status: "PONDERING" });
    expect(await world.deliver()).toBe("done");
    expect(world.model.requests).toEqual([]);
    expect(world.logged[0]?.fields).toMatchObject({ code: "RECORD_UNREADABLE" });
  });
});
