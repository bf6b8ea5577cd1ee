import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineTool, type ToolContext } from "../../../../functions/shared/agent/tool.ts";
import { askHuman } from "../../../../functions/shared/agent/tools/ask-human.ts";
import type { Decision } from "../../../../functions/shared/contracts/handoff.ts";
import { HUMAN } from "../../../../functions/shared/contracts/human.ts";
import { AgentWorld, answer, call, succeeded, turn } from "./agent-world.ts";
import { atEachRequest, type Doomed, deliverTo } from "./doomed.ts";

/** Somebody else's service, which does what it is told. */
class Outside {
  readonly published: string[] = [];

  async publish(key: string): Promise<string> {
    this.published.push(key);
    return "published";
  }
}

const toolsOf = (outside: Outside) => [
  askHuman,
  defineTool({
    name: "publish",
    description: "for tests",
    effect: "external",
    input: z.strictObject({}),
    requiresApproval: true,
    run: (_, { callId }: ToolContext) => outside.publish(callId),
  }),
];

/** An approval beside a question, then another approval in the turn that follows. */
const script = () => [
  turn([call("publish", {}, "p1"), call("ask_human", { question: "Which colour?" }, "q1")]),
  turn([call("publish", {}, "p2")]),
  answer("done"),
];

const said = (callId: string, text: string, decision?: Decision) => ({
  callId,
  branches: [succeeded(HUMAN, { text, ...(decision === undefined ? {} : { decision }) })],
});

const worldOf = (outside: Outside) => new AgentWorld({ script: script(), spec: { tools: toolsOf(outside) } });

/** Delivers and answers like queue, coordinator and person; the given invocation is doomed. */
const run = async (doomed: Doomed, dooms: "first" | "resumed", decision: Decision) => {
  const outside = new Outside();
  const world = worldOf(outside);
  let isDoomed = false;
  for (let deliveries = 1; deliveries <= 14 && world.record().status !== "SUCCEEDED"; deliveries++) {
    const { suspension, status } = world.record();
    if (status === "SUSPENDED") {
      const results =
        suspension?.k === 1
          ? [said("p1", "because", decision), said("q1", "Green.")]
          : [said("p2", "because", decision)];
      await world.resume(results, suspension?.k);
    }
    const isItsTurn = !isDoomed && (dooms === "first" || suspension !== undefined);
    if (!isItsTurn) {
      await world.deliver("m1");
      continue;
    }
    isDoomed = true;
    await deliverTo(doomed, world, worldOf(doomed.wrap(outside)));
  }
  return { world, outside };
};

describe.each(["first", "resumed"] as const)("a function that dies in the %s invocation", (dooms) => {
  test.each([
    ["approved", true],
    ["approved", false],
    ["rejected", true],
    ["rejected", false],
  ] as const)(
    "at any of its requests, when the person %s (applied: %s): nothing is run without leave or twice (P6, P14)",
    async (decision, applied) => {
      const tellings = await atEachRequest(applied, async (doomed, at) => {
        const { world, outside } = await run(doomed, dooms, decision);
        expect(world.record(), at).toMatchObject({ status: "SUCCEEDED", turns: 3, answer: { text: "done" } });
        expect(world.shown("q1")?.content, at).toBe("Green.");
        expect(new Set(outside.published).size, at).toBe(outside.published.length);
        if (decision === "rejected") {
          expect(outside.published, at).toEqual([]);
          expect(world.shown("p1")?.content, at).toBe("REJECTED: because");
        } else {
          // At most the call in flight is unknown.
          expect(["published", expect.stringMatching(/^OUTCOME_UNKNOWN/)], at).toContainEqual(
            world.shown("p1")?.content,
          );
          expect(outside.published.length, at).toBeGreaterThanOrEqual(1);
        }
      });
      expect(tellings).toBeGreaterThan(7);
    },
    30_000,
  );
});
