import { describe, expect, test } from "vitest";
import { z } from "zod";
import { handoff } from "../../../../functions/shared/agent/handoff-tool.ts";
import { defineTool } from "../../../../functions/shared/agent/tool.ts";
import { askHuman } from "../../../../functions/shared/agent/tools/ask-human.ts";
import { listFiles } from "../../../../functions/shared/agent/tools/list-files.ts";
import { withApproval } from "../../../../functions/shared/agent/with-approval.ts";
import type { Answer, BranchResult, HandoffCall } from "../../../../functions/shared/contracts/handoff.ts";
import { HUMAN } from "../../../../functions/shared/contracts/human.ts";
import { LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import {
  AgentWorld,
  answer,
  askPeer,
  call,
  countingTool,
  EXECUTION,
  succeeded,
  turn,
} from "./agent-world.ts";

/** A tool with an effect that somebody must answer for. */
const publishing = (
  requiresApproval: boolean | ((input: { to: string }) => boolean) = true,
  effect: "external" | "idempotent" = "external",
) => {
  const published: string[] = [];
  const publish = defineTool({
    name: "publish",
    description: "for tests",
    effect,
    input: z.strictObject({ to: z.string(), note: z.string().default("none") }),
    requiresApproval,
    run: async ({ to, note }) => {
      published.push(`${to}: ${note}`);
      return `published to ${to}`;
    },
  });
  return { publish, published };
};

const ask = (input: object = { question: "Which colour?" }, id = "q1") => call("ask_human", input, id);
const publishCall = (input: object = { to: "everybody" }, id = "p1") => call("publish", input, id);

const said = (given: Partial<BranchResult>, n = 2): BranchResult => ({
  agent: HUMAN,
  taskId: `${EXECUTION}.${n}`,
  status: "succeeded",
  ...given,
});
const approved = said({ answer: { text: "approved", decision: "approved" } });
const rejected = said({ answer: { text: "not on a Friday", decision: "rejected" } });
const inWords = (answer: Answer) => said({ answer });
const unanswered = said({
  status: "timed_out",
  error: { name: "TimedOut", message: "the handoff's deadline passed" },
});

const worldOf = (
  first: ReturnType<typeof call>[],
  tools: NonNullable<ConstructorParameters<typeof AgentWorld>[0]>["spec"] = {},
  later = [answer("done")],
) =>
  new AgentWorld({
    script: [turn(first), ...later],
    spec: { tools: [askHuman, handoff, listFiles], ...tools },
  });

const callsOf = (world: AgentWorld): readonly HandoffCall[] => {
  const record = world.record();
  return record.status === "SUSPENDED" ? record.suspension.calls : [];
};

describe("a question", () => {
  test("suspends the task on a branch whose agent is the person, at no compute", async () => {
    const input = { question: "Which colour?", context: "For the door.", options: ["red", "blue"] };
    const world = worldOf([ask({ ...input, deadlineSeconds: 60 })]);
    expect(await world.deliver()).toBe("done");
    expect(world.record()).toMatchObject({ status: "SUSPENDED" });
    expect(world.record()).not.toHaveProperty("claim");
    expect(callsOf(world)).toEqual([
      {
        callId: "q1",
        mode: "single",
        to: [
          {
            agent: HUMAN,
            packet: {
              task: { inline: "Which colour?" },
              context: { inline: "For the door." },
              artifacts: [],
              options: ["red", "blue"],
            },
          },
        ],
        onFailure: "collect",
        deadlineSeconds: 60,
      },
    ]);
  });

  test("without a deadline of its own expires after half of the time that the task has left", async () => {
    const world = worldOf([ask()]);
    await world.deliver();
    expect(callsOf(world)[0]?.deadlineSeconds).toBe(1_800);
  });

  test("is answered in the person's words, as the result of the call", async () => {
    const world = worldOf([ask()]);
    await world.deliver();
    await world.resume([{ callId: "q1", branches: [inWords({ text: "Green, please." })] }]);
    expect(await world.deliver("m2")).toBe("done");
    expect(world.shown("q1")).toEqual({
      type: "tool_result",
      tool_use_id: "q1",
      content: "Green, please.",
    });
    expect(world.record()).toMatchObject({ status: "SUCCEEDED" });
  });

  test("has its whole answer when that is too large for the record", async () => {
    const world = worldOf([ask()]);
    await world.deliver();
    const whole = "green ".repeat(2_000);
    const blob = await world.blobs.put(EXECUTION, whole);
    await world.resume([{ callId: "q1", branches: [inWords({ blob, preview: "green" })] }]);
    await world.deliver("m2");
    expect(world.shown("q1")?.content).toBe(whole);
  });

  test.each([
    ["in time", unanswered, /^NO_ANSWER: /],
    [
      "at all, because it was not asked",
      said({ status: "failed", error: { name: "TooManyTasks", message: "an execution may have 500 tasks" } }),
      /^NOT_ASKED: an execution may have 500 tasks/,
    ],
  ])("that nobody answered %s is an error result, and the turn goes on", async (_, branch, expected) => {
    const world = worldOf([ask()]);
    await world.deliver();
    await world.resume([{ callId: "q1", branches: [branch] }]);
    await world.deliver("m2");
    expect(world.shown("q1")).toMatchObject({ is_error: true, content: expect.stringMatching(expected) });
    expect(world.record()).toMatchObject({ status: "SUCCEEDED" });
  });

  test.each([
    [{}, /question/],
    [{ question: " " }, /question/],
    [{ question: "Which?", options: ["one"] }, /options/],
    [{ question: "Which?", deadlineSeconds: 0 }, /deadlineSeconds/],
    [{ question: "Which?", to: "Ada" }, /to/],
  ])("that is wrong (%j) is refused before anybody is asked", async (input, problem) => {
    const world = worldOf([ask(input)]);
    await world.deliver();
    expect(world.record()).toMatchObject({ status: "SUCCEEDED" });
    expect(world.shown("q1")?.content).toMatch(/^INVALID_INPUT: /);
    expect(world.shown("q1")?.content).toMatch(problem);
  });
});

describe("a tool that requires approval", () => {
  const suspended = async (tool = publishing()) => {
    const world = worldOf([publishCall()], { tools: [tool.publish] });
    await world.deliver();
    return { world, ...tool };
  };

  test("is not run; the person is shown the tool and the arguments as the model gave them", async () => {
    const { world, published } = await suspended();
    expect(published).toEqual([]);
    expect(world.calls()).toEqual([]);
    // Raw: without the default that the tool's schema adds.
    expect(callsOf(world)[0]?.to[0]).toMatchObject({
      agent: HUMAN,
      packet: { approval: { tool: "publish", input: { inline: '{"to":"everybody"}' } } },
    });
  });

  test("is run once after an approval, recorded as any call", async () => {
    const { world, published } = await suspended();
    await world.resume([{ callId: "p1", branches: [approved] }]);
    await world.deliver("m2");
    expect(published).toEqual(["everybody: none"]);
    expect(world.shown("p1")?.content).toBe("published to everybody");
    expect(world.calls()).toMatchObject([{ tool: "publish", effect: "external", status: "finished" }]);
  });

  test.each([
    ["a rejection", rejected, "REJECTED: not on a Friday"],
    ["silence", unanswered, expect.stringMatching(/^NO_ANSWER: .*nothing was run/)],
  ])("is never run after %s", async (_, branch, content) => {
    const { world, published } = await suspended();
    await world.resume([{ callId: "p1", branches: [branch] }]);
    await world.deliver("m2");
    expect(published).toEqual([]);
    expect(world.shown("p1")).toMatchObject({ is_error: true, content });
    expect(world.calls()).toMatchObject([{ tool: "publish", status: "finished" }]);
  });

  test("is not run after words that are no decision, whatever they say", async () => {
    const { world, published } = await suspended();
    await world.resume([{ callId: "p1", branches: [inWords({ text: "approved" })] }]);
    await world.deliver("m2");
    expect(published).toEqual([]);
  });

  test("is refused before anybody is asked when its input is wrong", async () => {
    const { publish, published } = publishing();
    const world = worldOf([publishCall({ too: "everybody" })], { tools: [publish] });
    await world.deliver();
    expect(world.shown("p1")?.content).toMatch(/^INVALID_INPUT: /);
    expect(published).toEqual([]);
  });

  test("asks only for the calls that its predicate names", async () => {
    const { publish, published } = publishing(({ to }) => to === "everybody");
    const world = worldOf([publishCall({ to: "me" }, "p1"), publishCall({ to: "everybody" }, "p2")], {
      tools: [publish],
    });
    await world.deliver();
    expect(published).toEqual(["me: none"]);
    expect(callsOf(world).map(({ callId }) => callId)).toEqual(["p2"]);
  });

  test("asks when its predicate throws", async () => {
    const { publish, published } = publishing(() => {
      throw new Error("a bug");
    });
    const world = worldOf([publishCall()], { tools: [publish] });
    await world.deliver();
    expect(published).toEqual([]);
    expect(callsOf(world)).toHaveLength(1);
  });

  test("may be anybody's tool: withApproval makes it ask", async () => {
    const { tool, runs } = countingTool("look_up", "readOnly", () => "found");
    const secret = withApproval(tool, (input) => (input as { note?: string }).note === "secret");
    const world = worldOf(
      [call("look_up", { note: "open" }, "l1"), call("look_up", { note: "secret" }, "l2")],
      { tools: [secret] },
    );
    await world.deliver();
    expect(runs).toEqual([{ note: "open" }]);
    expect(callsOf(world).map(({ callId }) => callId)).toEqual(["l2"]);
    const always = worldOf([call("look_up", {}, "l1")], { tools: [withApproval(tool)] });
    await always.deliver();
    expect(callsOf(always)).toHaveLength(1);
  });

  test("[bad-input 51] carries arguments of any size, as a blob", async () => {
    const { publish } = publishing();
    const note = "x".repeat(50_000);
    const world = worldOf([publishCall({ to: "everybody", note })], { tools: [publish] });
    await world.deliver();
    const input = callsOf(world)[0]?.to[0]?.packet.approval?.input;
    expect(input).toMatchObject({ bytes: JSON.stringify({ to: "everybody", note }).length });
  });

  test("is not run by an approval of an earlier turn that used the same call id", async () => {
    const { publish, published } = publishing();
    const world = worldOf([publishCall({ to: "one" }, "p1")], { tools: [publish] }, [
      turn([publishCall({ to: "two" }, "p1")]),
      answer("done"),
    ]);
    await world.deliver();
    await world.resume([{ callId: "p1", branches: [approved] }]);
    await world.deliver("m2");
    expect(published).toEqual(["one: none"]);
    expect(world.record()).toMatchObject({ status: "SUSPENDED", suspension: { k: 2, turn: 2 } });
    await world.resume([{ callId: "p1", branches: [rejected] }], 2);
    await world.deliver("m3");
    expect(published).toEqual(["one: none"]);
  });

  test("is asked about one call at a time: two calls with one id are refused", async () => {
    const { publish, published } = publishing();
    const world = worldOf([publishCall({ to: "one" }, "p1"), publishCall({ to: "two" }, "p1")], {
      tools: [publish],
    });
    await world.deliver();
    expect(world.record()).toMatchObject({ status: "SUCCEEDED" });
    expect(published).toEqual([]);
    expect(world.calls().map(({ result }) => result?.content)).toEqual([
      { inline: expect.stringMatching(/^AMBIGUOUS_CALL: /) },
      { inline: expect.stringMatching(/^AMBIGUOUS_CALL: /) },
    ]);
  });
});

describe("a turn with questions and other calls", () => {
  test("runs what needs nobody first, and suspends once on the rest", async () => {
    const { publish, published } = publishing();
    const first = [publishCall(), call("list_files", {}, "l1"), ask(), askPeer("planner")];
    const world = worldOf(first, { tools: [askHuman, handoff, listFiles, publish] });
    await world.deliver();
    expect(world.calls().map(({ tool }) => tool)).toEqual(["list_files"]);
    expect(callsOf(world).map(({ callId }) => callId)).toEqual(["h1", "p1", "q1"]);
    await world.resume([
      { callId: "h1", branches: [succeeded("planner", { text: "a plan" })] },
      { callId: "p1", branches: [approved] },
      { callId: "q1", branches: [inWords({ text: "Green." })] },
    ]);
    await world.deliver("m2");
    expect(published).toHaveLength(1);
    expect(world.shown("h1")?.content).toContain("a plan");
    expect(world.shown("q1")?.content).toBe("Green.");
    expect(world.record()).toMatchObject({ status: "SUCCEEDED" });
  });

  test("may not give the task away: a transfer beside a question is refused", async () => {
    const transfer = { mode: "transfer", to: [{ agent: "planner", task: "take it" }] };
    const world = worldOf([ask(), call("handoff", transfer, "h1")]);
    await world.deliver();
    expect(callsOf(world).map(({ callId }) => callId)).toEqual(["q1"]);
    await world.resume([{ callId: "q1", branches: [inWords({ text: "Green." })] }]);
    await world.deliver("m2");
    expect(world.shown("h1")?.content).toMatch(/^TRANSFER_NOT_ALONE: /);
  });

  test("keeps what people said for later turns and suspensions (P14)", async () => {
    const world = worldOf([ask()], {}, [turn([ask({ question: "Which size?" }, "q2")]), answer("done")]);
    await world.deliver();
    await world.resume([{ callId: "q1", branches: [inWords({ text: "Green." })] }]);
    await world.deliver("m2");
    await world.resume([{ callId: "q2", branches: [inWords({ text: "Large." })] }], 2);
    await world.deliver("m3");
    expect(world.shown("q1")?.content).toBe("Green.");
    expect(world.shown("q2")?.content).toBe("Large.");
  });
});

describe("limits of asking", () => {
  const nth = (n: number) => turn([ask({ question: `Question ${n}?` }, `q${n}`)]);

  test(`a task asks a person ${LIMITS.questionsPerTaskMax} times; the next one is refused, and handoffs are not counted with them`, async () => {
    const max = LIMITS.questionsPerTaskMax;
    const world = new AgentWorld({
      script: [...Array.from({ length: max + 1 }, (_, index) => nth(index + 1)), answer("done")],
      spec: { tools: [askHuman] },
    });
    for (let n = 1; n <= max; n++) {
      await world.deliver(`m${n}`);
      await world.resume([{ callId: `q${n}`, branches: [inWords({ text: `answer ${n}` })] }], n);
    }
    await world.deliver("last");
    expect(world.record()).toMatchObject({ status: "SUCCEEDED" });
    expect(world.shown(`q${max}`)?.content).toBe(`answer ${max}`);
    expect(world.shown(`q${max + 1}`)?.content).toMatch(/^TOO_MANY_QUESTIONS: /);
  });

  test("the same question again and again is refused like any call", async () => {
    const same = (n: number) => turn([ask({ question: "Again?" }, `q${n}`)]);
    const world = new AgentWorld({
      script: [same(1), same(2), same(3), answer("done")],
      spec: { tools: [askHuman] },
    });
    for (let n = 1; n <= 2; n++) {
      await world.deliver(`m${n}`);
      await world.resume([{ callId: `q${n}`, branches: [unanswered] }], n);
    }
    await world.deliver("last");
    expect(world.shown("q3")?.content).toMatch(/^SAME_CALL: /);
  });
});

describe("a deploy between a question and its answer", () => {
  test("takes the tool away: an approval runs nothing", async () => {
    const { publish, published } = publishing();
    const world = worldOf([publishCall()], { tools: [publish] });
    await world.deliver();
    await world.resume([{ callId: "p1", branches: [approved] }]);
    const after = worldOf([publishCall()], { tools: [listFiles] });
    const agent = after.agent({
      store: world.store,
      blobs: world.blobs,
      queues: world.queues,
      model: world.model,
    });
    await world.deliver("m2", agent);
    expect(published).toEqual([]);
    expect(world.shown("p1")?.content).toMatch(/^TOOL_NOT_FOUND: /);
  });

  test("makes approval needless: a rejection still holds", async () => {
    const before = publishing();
    const after = publishing(false);
    const world = worldOf([publishCall()], { tools: [before.publish] });
    await world.deliver();
    await world.resume([{ callId: "p1", branches: [rejected] }]);
    const agent = worldOf([publishCall()], { tools: [after.publish] }).agent({
      store: world.store,
      blobs: world.blobs,
      queues: world.queues,
      model: world.model,
    });
    await world.deliver("m2", agent);
    expect(after.published).toEqual([]);
    expect(world.shown("p1")?.content).toBe("REJECTED: not on a Friday");
  });
});
