import { expect, test } from "vitest";
import { coder } from "../../functions/agents/coder/agent.ts";
import { critic } from "../../functions/agents/critic/agent.ts";
import { planner } from "../../functions/agents/planner/agent.ts";
import type { AssistantBlock } from "../../functions/shared/contracts/model-message.ts";
import type { Model } from "../../functions/shared/ports/model.ts";
import { countRequests } from "../support/count-requests.ts";
import { expectGolden } from "../support/golden.ts";
import { World } from "../support/world.ts";

/** A model that says what its turns say, in order of the transcript and not of the calls. */
const scripted = (...turns: readonly (readonly AssistantBlock[])[]): Model => ({
  contextTokens: 130_000,
  estimate: () => ({ tokens: 1_000, microUsd: 1_000 }),
  async call({ messages }) {
    const n = messages.filter(({ role }) => role === "assistant").length;
    const content = turns[n];
    if (content === undefined) throw new Error(`no turn ${n + 1} is scripted`);
    return {
      content,
      stopReason: content.some(({ type }) => type === "tool_use") ? "tool_use" : "end_turn",
      usage: {
        calls: 1,
        inputTokens: 500,
        outputTokens: 100,
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
        microUsd: 100,
      },
      model: "scripted",
      requestId: null,
    };
  },
});

const text = (words: string): AssistantBlock => ({ type: "text", text: words });

const standardWorld = (seed: number): World =>
  new World({
    agents: [coder, planner, critic],
    models: {
      coder: scripted(
        [
          {
            type: "tool_use",
            id: "toolu_1",
            name: "handoff",
            input: {
              mode: "parallel",
              to: [
                { agent: "planner", task: "plan it" },
                { agent: "critic", task: "criticise it" },
              ],
            },
          },
        ],
        [text("done, with both answers")],
      ),
      planner: scripted([text("the plan")]),
      critic: scripted([text("the risks")]),
    },
    seed,
  });

test("whatever the order of delivery, the standard flow ends once, with four paid turns", async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const world = standardWorld(seed);
    const id = await world.start({ input: "write a limiter" });
    await world.settle();
    const view = await world.view(id);
    expect(view, `seed ${seed}`).toMatchObject({
      status: "SUCCEEDED",
      output: "done, with both answers",
      usage: { calls: 4, inputTokens: 2_000, outputTokens: 400 },
    });
  }
});

test("one standard execution needs no more requests than the golden number", async () => {
  const world = standardWorld(1);
  await world.start({ input: "write a limiter" });
  await world.settle();
  expectGolden("standard-requests.json", countRequests(world));
});
