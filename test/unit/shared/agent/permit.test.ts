import { describe, expect, test } from "vitest";
import type { Caps } from "../../../../functions/shared/agent/budget.ts";
import { roomFor } from "../../../../functions/shared/agent/budget-room.ts";
import { TaskPermit } from "../../../../functions/shared/agent/permit.ts";
import { DEFAULT_EXECUTION_LIMITS, LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import { LOCAL_TIMES } from "../../../../functions/shared/contracts/protocol-times.ts";
import type { TurnRecord } from "../../../../functions/shared/contracts/task-record.ts";
import { NO_USAGE } from "../../../../functions/shared/contracts/usage.ts";
import {
  RetryableModelError,
  TerminalModelError,
} from "../../../../functions/shared/kernel/model-call-error.ts";
import { AgentWorld, answer, call, ESTIMATE, TASK, turn, usageOf } from "./agent-world.ts";

const limits = DEFAULT_EXECUTION_LIMITS;
/** Where the world's clock begins. */
const NOW = 1_700_000_000_000;

const capsOf = (execution: Caps["execution"], own: Caps["own"] = {}): Caps => ({
  execution,
  agent: "coder",
  own,
});

const permitOf = (
  world: AgentWorld,
  {
    epoch = 2,
    isTakeover = false,
    turns = [] as TurnRecord[],
    caps = limits as Caps["execution"],
    own = {} as Caps["own"],
  } = {},
): TaskPermit =>
  new TaskPermit({
    store: world.store,
    clock: world.clock,
    taskId: TASK,
    epoch,
    isTakeover,
    caps: capsOf(caps, own),
    turns: () => turns,
  });

const savedTurn = (n: number, epoch: number): TurnRecord => ({
  n,
  attempt: 1,
  epoch,
  at: 0,
  message: { inline: "[]" },
  stopReason: "end_turn",
  model: "m",
  requestId: null,
  usage: usageOf(40, 10),
});

const leftBy = (epoch: number, turn: number) => ({
  committedTokens: 1_000,
  committedMicroUsd: 1_000,
  committedCalls: 1,
  agentTokens: { coder: 1_000 },
  agentMicroUsd: { coder: 1_000 },
  agentCalls: { coder: 1 },
  open: { "1": { id: `${epoch}.${turn}.1`, agent: "coder", epoch, at: 0, tokens: 1_000, microUsd: 1_000 } },
  epochs: { "1": epoch },
});

describe("reserving before paying (P3, P4, P5)", () => {
  test("a reservation is an entry and part of what is committed; settling puts the real usage in its place", async () => {
    const world = new AgentWorld();
    const permit = permitOf(world);
    expect(await permit.reserve(1, 1, ESTIMATE)).toEqual({ kind: "reserved" });
    expect(world.permit()).toMatchObject({
      committedTokens: 1_000,
      committedCalls: 1,
      committedMicroUsd: 1_000,
      open: { "1": { epoch: 2, tokens: 1_000, microUsd: 1_000 } },
      epochs: { "1": 2 },
    });
    permit.spent(usageOf(70, 30));
    await permit.settle();
    expect(world.permit()).toMatchObject({
      committedTokens: 100,
      committedCalls: 1,
      committedMicroUsd: 100,
      open: {},
    });
  });

  test("settling twice counts once (P4)", async () => {
    const world = new AgentWorld();
    const [permit, twin] = [permitOf(world), permitOf(world)];
    await permit.reserve(1, 1, ESTIMATE);
    await twin.reserve(1, 1, ESTIMATE); // Finds its own id open: the write only looked failed.
    for (const each of [permit, twin]) {
      each.spent(usageOf(70, 30));
      await each.settle();
    }
    expect(world.permit()).toMatchObject({ committedTokens: 100, committedCalls: 1, open: {} });
  });

  test("a turn of unknown price leaves its estimate in the dollars committed", async () => {
    const world = new AgentWorld();
    const permit = permitOf(world);
    await permit.reserve(1, 1, ESTIMATE);
    permit.spent({ ...usageOf(70, 30), microUsd: null });
    await permit.settle();
    expect(world.permit()).toMatchObject({ committedTokens: 100, committedMicroUsd: 1_000 });
  });

  test.each(["execution", "task"] as const)(
    "nothing is reserved once the %s is stopped (P3)",
    async (scope) => {
      const world = new AgentWorld();
      await world.stop(scope, "enough");
      expect(await permitOf(world).reserve(1, 1, ESTIMATE)).toEqual({ kind: "stopped", cause: "enough" });
      expect(world.permit()).toMatchObject({ committedTokens: 0, committedCalls: 0, open: {} });
    },
  );

  test("a frozen predecessor reserves nothing once a higher epoch was seen (P5)", async () => {
    const world = new AgentWorld();
    await permitOf(world, { epoch: 3 }).reserve(1, 1, ESTIMATE);
    expect(await permitOf(world, { epoch: 2 }).reserve(1, 1, ESTIMATE)).toEqual({ kind: "fenced" });
    expect(world.permit().committedCalls).toBe(1);
  });

  test("fencing raises the epoch without reserving, and costs nothing when nobody was taken over (P5)", async () => {
    const world = new AgentWorld();
    expect(await permitOf(world, { epoch: 2 }).fence()).toBe(true);
    expect(world.store.requests).toEqual([]);
    expect(await permitOf(world, { epoch: 5, isTakeover: true }).fence()).toBe(true);
    expect(world.permit().epochs).toEqual({ "1": 5 });
    expect(await permitOf(world, { epoch: 4, isTakeover: true }).fence()).toBe(false);
  });

  test("what a dead owner reserved is settled with the saved turn's usage (P4)", async () => {
    const world = new AgentWorld();
    world.forcePermit(leftBy(2, 1));
    const permit = permitOf(world, { epoch: 3, isTakeover: true, turns: [savedTurn(1, 2)] });
    expect(await permit.reserve(2, 1, ESTIMATE)).toEqual({ kind: "reserved" });
    expect(world.permit()).toMatchObject({ committedTokens: 1_050, committedCalls: 2 });
  });

  test("what a dead owner reserved for a turn that was not saved is presumed spent (P4)", async () => {
    const world = new AgentWorld();
    world.forcePermit(leftBy(2, 2));
    const permit = permitOf(world, { epoch: 3, isTakeover: true, turns: [savedTurn(1, 2)] });
    expect(await permit.reserve(2, 1, ESTIMATE)).toEqual({ kind: "reserved" });
    expect(world.permit()).toMatchObject({ committedTokens: 2_000, committedCalls: 2 });
    expect(Object.keys(world.permit().open)).toEqual(["1"]);
  });

  test("a successor that reserves nothing settles what was left, for after it nobody comes", async () => {
    const world = new AgentWorld();
    world.forcePermit(leftBy(2, 1));
    await permitOf(world, { epoch: 3, isTakeover: true, turns: [savedTurn(1, 2)] }).fence();
    expect(world.permit()).toMatchObject({ committedTokens: 50, open: {} });
  });

  test("a refused combined update settles by itself before it looks for the reason", async () => {
    const world = new AgentWorld();
    const permit = permitOf(world, { caps: { ...limits, tokens: 1_050 } });
    await permit.reserve(1, 1, ESTIMATE);
    permit.spent(usageOf(70, 30));
    expect(await permit.reserve(2, 1, ESTIMATE)).toMatchObject({ kind: "exceeded" });
    expect(world.permit()).toMatchObject({ committedTokens: 100, open: {} });
  });
});

describe("when there is no room", () => {
  const held = { id: "9.1.1", agent: "critic", epoch: 9, at: NOW, tokens: 800, microUsd: 800 };

  test("only open reservations of others in the way: wait, and say nothing of the budget", () => {
    const permit = { ...new AgentWorld().permit(), committedTokens: 1_000, open: { "2": held } };
    expect(roomFor(ESTIMATE, permit, capsOf({ ...limits, tokens: 1_500 }), NOW)).toEqual({ kind: "wait" });
  });

  test("what is settled leaves no room: exceeded, with cap, spent and needed", () => {
    const permit = { ...new AgentWorld().permit(), committedTokens: 1_400, open: { "2": held } };
    const room = roomFor(ESTIMATE, permit, capsOf({ ...limits, tokens: 1_500 }), NOW);
    expect(room).toMatchObject({
      kind: "exceeded",
      message: expect.stringMatching(/budget is 1500 tokens, 600 are spent, and the next call may need 1000/),
    });
  });

  test("a reservation that is too old, or of a clock far ahead, is waited for no longer (P4)", () => {
    const age = LIMITS.reservationMsMax;
    const permit = { ...new AgentWorld().permit(), committedTokens: 1_000 };
    const roomBeside = (reservation: typeof held) =>
      roomFor(ESTIMATE, { ...permit, open: { "2": reservation } }, capsOf({ ...limits, tokens: 1_500 }), NOW)
        .kind;
    for (const at of [NOW - age + 1, NOW + age - 1]) expect(roomBeside({ ...held, at })).toBe("wait");
    for (const at of [NOW - age, NOW + age]) expect(roomBeside({ ...held, at })).toBe("exceeded");
  });

  test("calls and dollars are budgets too; a model without a price fits no dollar budget", () => {
    const permit = { ...new AgentWorld().permit(), committedCalls: 3, committedMicroUsd: 500 };
    expect(roomFor(ESTIMATE, permit, capsOf({ ...limits, calls: 3 }), NOW)).toMatchObject({
      kind: "exceeded",
    });
    expect(roomFor(ESTIMATE, permit, capsOf({ ...limits, microUsd: 1_000 }), NOW)).toMatchObject({
      kind: "exceeded",
    });
    expect(roomFor({ tokens: 1, microUsd: null }, permit, capsOf(limits), NOW)).toMatchObject({
      kind: "exceeded",
    });
    expect(
      roomFor({ tokens: 1, microUsd: null }, permit, capsOf({ ...limits, microUsd: null }), NOW),
    ).toEqual({
      kind: "enough",
    });
  });

  test("a task whose next call cannot fit fails as BudgetExceeded, and nothing is paid", async () => {
    const world = new AgentWorld({ request: { limits: { ...limits, tokens: 999 } } });
    expect(await world.deliver()).toBe("done");
    expect(world.failure()).toMatchObject({
      name: "BudgetExceeded",
      message: expect.stringContaining("999 tokens"),
    });
    expect(world.model.requests).toEqual([]);
    expect(world.permit()).toMatchObject({ committedTokens: 0, open: {} });
  });

  test("the lower of the execution's and the agent's limit wins", async () => {
    const script = [turn([call("list_files", {})]), answer("ok")];
    const world = new AgentWorld({ script, spec: { limits: { calls: 1 } } });
    await world.deliver();
    expect(world.failure()).toMatchObject({
      name: "BudgetExceeded",
      message: expect.stringContaining("1 model calls"),
    });
  });

  test("a task that waits for others' reservations gives its claim back and its message comes again", async () => {
    const world = new AgentWorld({ request: { limits: { ...limits, tokens: 1_500 } } });
    world.forcePermit({ committedTokens: 800, open: { "2": held } });
    expect(await world.deliver()).toEqual({ returnAfterSeconds: 1 });
    expect(world.record()).toMatchObject({ status: "SCHEDULED", crashes: 0 });
    expect(world.record()).not.toHaveProperty("claim");
    // P10: its message is under way, so that nobody need send another one.
    expect(world.record().waitsUntil).toBe(NOW + 1_000 + LOCAL_TIMES.resendMs);
    world.forcePermit({ committedTokens: 100, open: {} });
    expect(await world.deliver()).toBe("done");
    expect(world.record().status).toBe("SUCCEEDED");
    expect(world.record()).not.toHaveProperty("waitsUntil");
  });
});

test("a message that waits long is replaced by a new one before it becomes a dead letter", async () => {
  const world = new AgentWorld({ request: { limits: { ...limits, tokens: 1_500 } } });
  const held = { id: "9.1.1", agent: "critic", epoch: 9, at: NOW, tokens: 800, microUsd: 800 };
  world.forcePermit({ committedTokens: 800, open: { "2": held } });
  const third = { ...world.delivery(), receiveCount: 3 };
  expect(await world.settle(world.agent().handle(third, world.invocation))).toBe("done");
  expect(world.queues.sent).toEqual([
    { queue: "coder", message: { v: 1, kind: "work", taskId: TASK }, delaySeconds: 1 },
  ]);
});

describe("model calls that fail", () => {
  const unavailable = (used = NO_USAGE) => new RetryableModelError("ModelUnavailable", "529", used);
  const limited = (retryAfterSeconds: number) =>
    new RetryableModelError("RateLimited", "429", NO_USAGE, { retryAfterSeconds });

  test("two quick retries are made within the turn, each with a reservation of its own", async () => {
    const world = new AgentWorld({ script: [unavailable(usageOf(50, 0)), unavailable(), answer("at last")] });
    expect(await world.deliver()).toBe("done");
    expect(world.record()).toMatchObject({ status: "SUCCEEDED", turns: 1 });
    // 50 of the broken stream, 100 of the turn.
    expect(world.record().usage).toMatchObject({ calls: 2, inputTokens: 120, outputTokens: 30 });
    expect(world.permit()).toMatchObject({ committedTokens: 150, committedCalls: 3, open: {} });
  });

  test("the third failure ends the attempt; the coordinator schedules the next", async () => {
    const world = new AgentWorld({ script: [unavailable(), unavailable(), unavailable(), answer("never")] });
    await world.deliver();
    expect(world.failure()?.name).toBe("ModelUnavailable");
    expect(world.model.requests).toHaveLength(3);
    expect(world.permit()).toMatchObject({ committedTokens: 0, open: {} });
  });

  test("a short retry-after is honoured here, a long one is passed on", async () => {
    const patient = new AgentWorld({ script: [limited(4), answer("ok")] });
    const before = patient.clock.now();
    await patient.deliver();
    expect(patient.record().status).toBe("SUCCEEDED");
    expect(patient.clock.now() - before).toBeGreaterThanOrEqual(4_000);
    const world = new AgentWorld({ script: [limited(60), answer("never")] });
    await world.deliver();
    expect(world.failure()).toMatchObject({ name: "RateLimited", retryAfterSeconds: 60 });
    expect(world.model.requests).toHaveLength(1);
  });

  test.each(["SecretUnavailable", "ModelRejected", "ModelAuthentication"] as const)(
    "%s fails the attempt at once, without a retry storm [bad-input 43]",
    async (name) => {
      const error = new TerminalModelError(name, "coder's secret is empty", NO_USAGE);
      const world = new AgentWorld({ script: [error, answer("never")] });
      await world.deliver();
      expect(world.failure()).toEqual({ name, message: "coder's secret is empty" });
      expect(world.model.requests).toHaveLength(1);
      expect(world.permit()).toMatchObject({ committedTokens: 0, open: {} });
    },
  );

  test("a bug ends the attempt as Internal, without its text; the log has the details", async () => {
    const world = new AgentWorld({ script: [new TypeError("secret sk-123")] });
    await world.deliver();
    expect(world.failure()?.name).toBe("Internal");
    expect(JSON.stringify(world.record())).not.toContain("sk-123");
    const [ended] = world.logged.filter(({ message }) => message === "attempt ended");
    expect(ended?.fields).toMatchObject({
      code: "TypeError",
      at: expect.stringContaining("permit.test.ts"),
    });
    expect(JSON.stringify(world.logged)).not.toContain("sk-123");
    expect(world.permit()).toMatchObject({ committedTokens: 1_000, open: {} });
  });

  test("a wait between two tries ends when the execution is stopped", async () => {
    const world = new AgentWorld({ script: [limited(5), answer("never")] });
    const handled = world.agent().handle(world.delivery(), world.invocation);
    await world.rounds();
    await world.stop("execution");
    await world.settle(handled, 1_000);
    expect(world.failure()?.name).toBe("Aborted");
    expect(world.model.requests).toHaveLength(1);
  });
});
