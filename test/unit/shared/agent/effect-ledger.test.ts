import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineTool, type ToolContext } from "../../../../functions/shared/agent/tool.ts";
import { LOCAL_TIMES } from "../../../../functions/shared/contracts/protocol-times.ts";
import { AgentWorld, answer, call, TASK, turn } from "./agent-world.ts";
import { atEachRequest, Doomed, deliverTo } from "./doomed.ts";

/** Somebody else's service: what it was asked, and what it knows under a key. */
class Outside {
  readonly asked: { tool: string; key: string }[] = [];
  readonly #done = new Map<string, string>();
  /** A service that forgets, or that is away. */
  find: (key: string) => Promise<string | undefined> = async (key) => this.#done.get(key);

  async act(tool: string, key: string): Promise<string> {
    this.asked.push({ tool, key });
    const first = this.#done.get(key) ?? `${tool} no. ${this.#done.size + 1}`;
    this.#done.set(key, first);
    return first;
  }

  times(tool: string): number {
    return this.asked.filter((request) => request.tool === tool).length;
  }
}

const NOTHING = z.strictObject({});

/** One tool of each kind; a new set for each function, since each reaches the service in its own way. */
const toolsOf = (outside: Outside) => {
  const act =
    (name: string) =>
    (_: unknown, { callId }: ToolContext) =>
      outside.act(name, callId);
  const common = (name: string) => ({ name, description: "for tests", input: NOTHING, run: act(name) });
  return [
    defineTool({ ...common("look"), effect: "readOnly" }),
    defineTool({ ...common("charge"), effect: "idempotent" }),
    defineTool({ ...common("mail"), effect: "external" }),
    defineTool({
      ...common("order"),
      effect: "external",
      reconcile: (_, { callId }) => outside.find(callId),
    }),
  ];
};

const TOOLS = ["look", "charge", "mail", "order"];
const script = () => [turn(TOOLS.map((name) => call(name, {}, name))), answer("done")];

/** Delivers until the task has ended; the n-th function dies where `dooms[n]` says. */
const run = async (
  dooms: readonly Doomed[],
  outside = new Outside(),
  meanwhile: (world: AgentWorld) => Promise<void> = async () => {},
) => {
  const world = new AgentWorld({ script: script(), spec: { tools: toolsOf(outside) } });
  for (const doomed of dooms) {
    await deliverTo(doomed, world, new AgentWorld({ spec: { tools: toolsOf(doomed.wrap(outside)) } }));
  }
  await meanwhile(world);
  for (let tries = 0; tries < 5 && world.record().status === "SCHEDULED"; tries++) {
    world.clock.advance(LOCAL_TIMES.leaseMs + LOCAL_TIMES.stealMarginMs);
    await world.deliver("m1");
  }
  const statusOf = (tool: string) => world.calls().find((record) => record.tool === tool)?.status;
  return { world, outside, statusOf };
};

/** Where in the first function's life a tool is asked to act: the request to die at. */
const requestOf = async (tool: string): Promise<number> => {
  for (let k = 1; ; k++) {
    const outside = new Outside();
    await run([new Doomed(k, true)], outside);
    const only = new Outside();
    await run([new Doomed(k, false)], only);
    if (outside.times(tool) > only.times(tool)) return k;
  }
};

describe("the effect ledger (P6)", () => {
  test("a call is recorded with its tool's effect before it runs; a refused one has none", async () => {
    const world = new AgentWorld({
      script: [
        turn([...TOOLS.map((name) => call(name, {}, name)), call("look", { n: 1 }, "bad")]),
        answer("done"),
      ],
      spec: { tools: toolsOf(new Outside()) },
    });
    await world.deliver();
    expect(world.calls().map(({ tool, effect, status }) => [tool, effect, status])).toEqual([
      ["look", "readOnly", "finished"],
      ["charge", "idempotent", "finished"],
      ["mail", "external", "finished"],
      ["order", "external", "finished"],
      ["look", undefined, "finished"],
    ]);
  });

  test.each([true, false])(
    "killed at any request, applied: %s: external calls start once, idempotent ones repeat under one key",
    async (applied) => {
      const tellings = await atEachRequest(applied, async (doomed, at) => {
        const { world, outside, statusOf } = await run([doomed]);
        expect(world.record(), at).toMatchObject({ status: "SUCCEEDED", answer: { text: "done" } });
        expect(outside.times("mail"), at).toBeLessThanOrEqual(1);
        expect(outside.times("order"), at).toBeLessThanOrEqual(1);
        const keys = TOOLS.map((_, index) => `${TASK}/1.${index}`);
        expect(new Set(outside.asked.map(({ key }) => key)), at).toEqual(
          new Set(keys.filter((key) => outside.asked.some((request) => request.key === key))),
        );
        for (const tool of ["look", "charge"]) expect(statusOf(tool), at).toBe("finished");
        // An order that was placed is found again; a mail that may have been sent is said to be unknown.
        expect(statusOf("order"), at).toBe(outside.times("order") === 1 ? "finished" : "unknown");
        expect(["finished", "unknown"], at).toContain(statusOf("mail"));
        expect(world.shown("mail")?.content, at).toMatch(
          statusOf("mail") === "finished" ? /^mail no\. / : /^OUTCOME_UNKNOWN/,
        );
      });
      expect(tellings).toBeGreaterThan(15);
    },
    30_000,
  );

  test("killed at any request of the takeover too, an external call is still found and never repeated", async () => {
    const first = await requestOf("order");
    for (let k = 1; ; k++) {
      const second = new Doomed(k, k % 2 === 0);
      const { world, outside, statusOf } = await run([new Doomed(first, true), second]);
      expect(outside.times("order"), `request ${k}`).toBe(1);
      expect(statusOf("order"), `request ${k}`).toBe("finished");
      expect(world.shown("order"), `request ${k}`).toMatchObject({ content: "order no. 4" });
      if (!second.isDead) break;
    }
  }, 30_000);

  test.each([
    ["does not know", async () => undefined],
    ["is away", () => Promise.reject(new RangeError("connection refused"))],
  ])("when the outside %s, the model is told that the outcome is unknown, durably", async (_, find) => {
    const outside = new Outside();
    outside.find = find;
    const { world, statusOf } = await run([new Doomed(await requestOf("order"), true)], outside);
    expect(outside.times("order")).toBe(1);
    expect(statusOf("order")).toBe("unknown");
    expect(world.shown("order")).toMatchObject({
      is_error: true,
      content: expect.stringMatching(/^OUTCOME_UNKNOWN: .* was not repeated/),
    });
  });

  test("a call that died before it had its effect is not taken for done", async () => {
    const { outside, statusOf } = await run([new Doomed(await requestOf("order"), false)]);
    expect(outside.times("order")).toBe(0);
    expect(statusOf("order")).toBe("unknown");
  });

  test("after a stop nothing is looked for: the stop is obeyed, the call stays started", async () => {
    const outside = new Outside();
    let looks = 0;
    outside.find = async () => {
      looks += 1;
      return "found";
    };
    const dooms = [new Doomed(await requestOf("order"), true)];
    const { world, statusOf } = await run(dooms, outside, (world) => world.stop("execution"));
    expect(world.failure()?.name).toBe("Aborted");
    expect(looks).toBe(0);
    expect(statusOf("order")).toBe("started");
  });
});
