import { describe, expect, test } from "vitest";
import type { Caps } from "../../../../functions/shared/agent/budget.ts";
import { spentByAgent } from "../../../../functions/shared/agent/budget.ts";
import { TaskPermit } from "../../../../functions/shared/agent/permit.ts";
import { DEFAULT_EXECUTION_LIMITS, LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import type { ModelMessage } from "../../../../functions/shared/contracts/model-message.ts";
import { AgentWorld, answer, call, ESTIMATE, EXECUTION, turn, usageOf } from "./agent-world.ts";

const limits = DEFAULT_EXECUTION_LIMITS;
const NOW = 1_700_000_000_000;

/** The permits of `count` tasks, first half planners, second half critics, on one PERMIT. */
const manyPermits = (
  world: AgentWorld,
  count: number,
  execution: Partial<Caps["execution"]>,
  own: Readonly<Record<string, Caps["own"]>> = {},
): { readonly agent: string; readonly permit: TaskPermit }[] =>
  Array.from({ length: count }, (_, index) => {
    const agent = index < count / 2 ? "planner" : "critic";
    const caps = { execution: { ...limits, ...execution }, agent, own: own[agent] ?? {} };
    const { store, clock } = world;
    const taskId = `${EXECUTION}.${index + 2}`;
    const permit = new TaskPermit({
      store,
      clock,
      taskId,
      epoch: 2,
      isTakeover: false,
      turns: () => [],
      caps,
    });
    return { agent, permit };
  });

describe("a hundred tasks that spend from one purse at once (P4)", () => {
  test("no sum ever passes a cap, and all that was not used is given back", async () => {
    const world = new AgentWorld();
    const tasks = manyPermits(world, 100, { tokens: 30_000, calls: 150 });
    const checkCaps = (): void => {
      const permit = world.permit();
      expect(permit.committedTokens).toBeLessThanOrEqual(30_000);
      expect(permit.committedCalls).toBeLessThanOrEqual(150);
      const sums = Object.values(permit.agentTokens).reduce((a, b) => a + b, 0);
      expect(sums).toBe(permit.committedTokens);
    };
    const outcomes = await Promise.all(
      tasks.map(async ({ permit }, index) => {
        const { kind } = await permit.reserve(1, 1, ESTIMATE);
        checkCaps();
        if (kind !== "reserved") return kind;
        await world.rounds(1 + (index % 7));
        permit.spent(usageOf(70, 30));
        if (index % 3 > 0) {
          // Settled together with the next call, as turns in a row are.
          const next = await permit.reserve(2, 1, ESTIMATE);
          checkCaps();
          if (next.kind === "reserved") permit.spent(usageOf(70, 30));
        }
        await permit.settle();
        checkCaps();
        return kind;
      }),
    );
    const granted = outcomes.filter((kind) => kind === "reserved").length;
    expect(granted).toBeGreaterThanOrEqual(30);
    expect(outcomes.filter((kind) => kind !== "reserved" && kind !== "wait")).toEqual([]);
    const { open, committedTokens, committedCalls, committedMicroUsd, agentCalls } = world.permit();
    expect(open).toEqual({});
    expect(committedTokens).toBe(100 * committedCalls);
    expect(committedMicroUsd).toBe(100 * committedCalls);
    expect((agentCalls["planner"] ?? 0) + (agentCalls["critic"] ?? 0)).toBe(committedCalls);
  });

  test("an agent's own cap bounds all its tasks together, and leaves the others their room", async () => {
    const world = new AgentWorld();
    const tasks = manyPermits(world, 100, {}, { critic: { tokens: 5_500 } });
    const outcomes = await Promise.all(
      tasks.map(async ({ agent, permit }) => ({ agent, kind: (await permit.reserve(1, 1, ESTIMATE)).kind })),
    );
    const granted = (agent: string): number =>
      outcomes.filter((outcome) => outcome.agent === agent && outcome.kind === "reserved").length;
    expect(granted("critic")).toBe(5);
    expect(granted("planner")).toBe(50);
    expect(world.permit().agentTokens).toEqual({ critic: 5_000, planner: 50_000 });
    expect(outcomes.filter(({ kind }) => kind === "wait")).toHaveLength(45);
  });
});

describe("an agent's own budget", () => {
  test.each([
    ["tokens", { tokens: 999 }, "planner's own budget is 999 tokens, 0 are spent"],
    ["dollars", { microUsd: 999 }, "planner's own budget is $0.000999, $0 are spent"],
  ] as const)("in %s is kept also by its first call", async (_, own, message) => {
    const world = new AgentWorld();
    const [first] = manyPermits(world, 2, {}, { planner: own });
    expect(await first?.permit.reserve(1, 1, ESTIMATE)).toMatchObject({
      kind: "exceeded",
      message: expect.stringContaining(message),
    });
    expect(world.permit()).toMatchObject({ committedTokens: 0, committedCalls: 0, open: {} });
  });

  test("in calls counts those of all its tasks, and of nobody else", async () => {
    const world = new AgentWorld();
    const [planner, planner2, critic] = manyPermits(world, 3, {}, { planner: { calls: 1 } });
    expect(await planner?.permit.reserve(1, 1, ESTIMATE)).toMatchObject({ kind: "reserved" });
    expect(await critic?.permit.reserve(1, 1, ESTIMATE)).toMatchObject({ kind: "reserved" });
    await planner?.permit.settle();
    expect(await planner2?.permit.reserve(1, 1, ESTIMATE)).toMatchObject({ kind: "exceeded" });
  });

  test("is settled and given back with the execution's, in one update", async () => {
    const world = new AgentWorld();
    const [planner] = manyPermits(world, 2, {});
    await planner?.permit.reserve(1, 1, ESTIMATE);
    expect(world.permit()).toMatchObject({
      agentTokens: { planner: 1_000 },
      agentMicroUsd: { planner: 1_000 },
    });
    planner?.permit.spent(usageOf(70, 30));
    await planner?.permit.settle();
    expect(world.permit()).toMatchObject({
      agentTokens: { planner: 100 },
      agentMicroUsd: { planner: 100 },
      agentCalls: { planner: 1 },
    });
    expect(world.store.requests.map(({ kind }) => kind)).toEqual(["update", "update"]);
  });
});

test("what the budget went to is told by agent, without what is reserved", async () => {
  const world = new AgentWorld({ spec: { limits: { calls: 2 } }, script: [] });
  world.forcePermit({
    committedTokens: 8_000,
    committedCalls: 9,
    agentTokens: { critic: 3_000, coder: 5_000 },
    agentCalls: { critic: 7, coder: 2 },
    agentMicroUsd: { critic: 20_000, coder: 410_000 },
    open: { "9": { id: "1.1.1", agent: "critic", epoch: 1, at: NOW, tokens: 1_000, microUsd: 5_000 } },
  });
  await world.deliver();
  expect(world.failure()).toEqual({
    name: "BudgetExceeded",
    message:
      "coder's own budget is 2 model calls, 2 are spent, and the next call may need 1. Spent: coder 2 model calls, 5000 tokens, $0.41; critic 7 model calls, 2000 tokens, $0.015; raise the limit in its agent.ts",
  });
});

test("a list of many agents is cut, and the message still fits", () => {
  const names = Array.from({ length: 100 }, (_, n) => `agent-${n}`);
  const sums = Object.fromEntries(names.map((name, n) => [name, n]));
  const permit = { ...new AgentWorld().permit(), agentTokens: sums, agentCalls: sums, agentMicroUsd: sums };
  expect(spentByAgent(permit, NOW)).toHaveLength(100);
  expect(spentByAgent(permit, NOW)[0]).toMatchObject({ agent: "agent-99", tokens: 99 });
});

describe("when little is left", () => {
  const looked = turn([call("list_files", {})]);
  const textsOf = (messages: readonly ModelMessage[] | undefined): string => JSON.stringify(messages);
  const tight = (percent: number) => ({
    committedTokens: (limits.tokens * percent) / 100 - ESTIMATE.tokens,
  });

  test("at 80 % the agent is told, once, in the user's message, and the turn stores what it was told", async () => {
    const world = new AgentWorld({
      script: [looked, turn([call("list_files", { prefix: "src" })]), answer("ok")],
    });
    world.forcePermit(tight(LIMITS.budgetNoticePercent));
    await world.deliver();
    const [first, second, third] = world.model.requests;
    expect(first?.messages).toEqual([
      {
        role: "user",
        content: expect.stringMatching(
          /^Write a rate limiter\n\n<budget-notice>\nof the 200000 tokens of this run, 159000 are spent and this call may take 1000\.\n/,
        ),
      },
    ]);
    expect(world.turns().map(({ notice }) => notice !== undefined)).toEqual([true, false, false]);
    // T1: what was said once is said again byte for byte.
    expect(second?.messages[0]).toEqual(first?.messages[0]);
    expect(textsOf(third?.messages).match(/<budget-notice>/g)).toHaveLength(1);
  });

  test("one token below 80 % nobody is told, and PERMIT is not read", async () => {
    const world = new AgentWorld();
    const { committedTokens } = tight(LIMITS.budgetNoticePercent);
    world.forcePermit({ committedTokens: committedTokens - 1 });
    await world.deliver();
    expect(textsOf(world.model.requests[0]?.messages)).not.toContain("budget-notice");
    expect(world.store.requests.filter(({ kind, key }) => kind === "get" && key.includes("PERMIT"))).toEqual(
      [],
    );
  });

  test("beside tool results it is a block of its own, after them", async () => {
    const world = new AgentWorld({ script: [looked, answer("ok")], spec: { limits: { calls: 2 } } });
    await world.deliver();
    const [, , results] = world.model.requests[1]?.messages ?? [];
    expect(results?.content).toEqual([
      expect.objectContaining({ type: "tool_result" }),
      {
        type: "text",
        text: expect.stringContaining("of the 2 model calls of your agent in this run, 1 are spent"),
      },
    ]);
  });

  test("a successor says the same bytes, although the numbers have changed (P14)", async () => {
    const world = new AgentWorld({ script: [looked, answer("ok")] });
    world.forcePermit(tight(90));
    world.remaining(40_000);
    await world.deliver("m1");
    expect(world.turns()).toHaveLength(1);
    world.forcePermit({ committedTokens: 10 });
    await world.deliver("m2");
    expect(world.model.requests[1]?.messages[0]).toEqual(world.model.requests[0]?.messages[0]);
  });

  test("what the notice takes is reserved too", async () => {
    const world = new AgentWorld();
    world.forcePermit(tight(90));
    const lengths: number[] = [];
    world.model.estimate = ((request: object) => {
      lengths.push(JSON.stringify(request).length);
      return ESTIMATE;
    }) as typeof world.model.estimate;
    await world.deliver();
    const asked = JSON.stringify(world.model.requests[0]).length;
    expect(lengths.at(-1)).toBe(asked);
    expect(lengths[0]).toBeLessThan(asked);
  });

  test("reservations of others alone are no reason: they will be given back", async () => {
    const world = new AgentWorld();
    const open = { id: "1.1.1", agent: "critic", epoch: 1, at: NOW, tokens: 170_000, microUsd: 0 };
    world.forcePermit({ committedTokens: 170_000, open: { "9": open } });
    await world.deliver();
    expect(world.record().status).toBe("SUCCEEDED");
    expect(textsOf(world.model.requests[0]?.messages)).not.toContain("budget-notice");
  });
});
