import { coder } from "../../functions/agents/coder/agent.ts";
import { critic } from "../../functions/agents/critic/agent.ts";
import { planner } from "../../functions/agents/planner/agent.ts";
import type { AssistantBlock } from "../../functions/shared/contracts/model-message.ts";
import type { Model } from "../../functions/shared/ports/model.ts";
import { World } from "./world.ts";

export interface StandardOptions {
  readonly seed?: number;
  /** What each answer is long at least; each branch's task is a quarter of it. */
  readonly textBytes?: number;
  /** Called by each model before it answers. */
  readonly think?: (world: World) => void;
}

/** A world whose coder asks planner and critic in parallel and then finishes: four turns. */
export const standardWorld = ({ seed = 1, textBytes = 0, think = () => {} }: StandardOptions = {}): World => {
  const text = (words: string): AssistantBlock => ({ type: "text", text: words.padEnd(textBytes, ".") });
  const task = (words: string): string => words.padEnd(textBytes / 4, ".");
  const handoff: AssistantBlock = {
    type: "tool_use",
    id: "toolu_1",
    name: "handoff",
    input: {
      mode: "parallel",
      to: [
        { agent: "planner", task: task("plan it") },
        { agent: "critic", task: task("criticise it") },
      ],
    },
  };
  const inTurn = (...turns: readonly AssistantBlock[]): Model => modelOf(turns, () => think(world));
  const world = new World({
    agents: [coder, planner, critic],
    models: {
      coder: inTurn(handoff, text("done, with both answers")),
      planner: inTurn(text("the plan")),
      critic: inTurn(text("the risks")),
    },
    seed,
  });
  return world;
};

/** Says its turns in the order of the transcript and not of the calls: a repeated call is told the same. */
const modelOf = (turns: readonly AssistantBlock[], think: () => void): Model => ({
  contextTokens: 130_000,
  estimate: () => ({ tokens: 1_000, microUsd: 1_000 }),
  call: async ({ messages }) => {
    think();
    const block = turns[messages.filter(({ role }) => role === "assistant").length];
    if (block === undefined) throw new Error("more turns than the standard execution has");
    return {
      content: [block],
      stopReason: block.type === "tool_use" ? "tool_use" : "end_turn",
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
