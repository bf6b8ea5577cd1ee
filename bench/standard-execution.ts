import { coder } from "../functions/agents/coder/agent.ts";
import { critic } from "../functions/agents/critic/agent.ts";
import { planner } from "../functions/agents/planner/agent.ts";
import type { AssistantBlock } from "../functions/shared/contracts/model-message.ts";
import { LOCAL_TIMES } from "../functions/shared/contracts/protocol-times.ts";
import type { Model } from "../functions/shared/ports/model.ts";
import { World } from "../test/support/world.ts";
import type { ExecutionUse } from "./cost-model.ts";
import { meterStore, type Units } from "./meter-store.ts";

/** Of the input and of each answer, as in the table of peers. */
export const TEXT_BYTES = 2_000;
/**
 * Time passes, so that the next look moves and its index entry with it, and less than until a heartbeat:
 * deployed, a turn of ten seconds ends before its first one too.
 */
const THINKING_MS = LOCAL_TIMES.beatMs / 2;

/**
 * One standard execution on the ports in memory, the functions themselves unchanged: coder asks planner
 * and critic in parallel and finishes; four turns. Rejects when it does not succeed.
 */
export const meterStandardExecution = async (): Promise<{ use: ExecutionUse; units: Units }> => {
  const text: AssistantBlock = { type: "text", text: "w".repeat(TEXT_BYTES) };
  const handoff: AssistantBlock = {
    type: "tool_use",
    id: "toolu_1",
    name: "handoff",
    input: {
      mode: "parallel",
      to: [
        { agent: "planner", task: "p".repeat(TEXT_BYTES / 4) },
        { agent: "critic", task: "c".repeat(TEXT_BYTES / 4) },
      ],
    },
  };
  const think = (): void => world.clock.advance(THINKING_MS);
  const world = new World({
    agents: [coder, planner, critic],
    models: {
      coder: inTurn(think, [handoff], [text]),
      planner: inTurn(think, [text]),
      critic: inTurn(think, [text]),
    },
  });
  const units = meterStore(world.store);
  const id = await world.start({ input: "i".repeat(TEXT_BYTES) });
  await world.settle();
  const { write, read } = units; // before the view is read
  const { status } = await world.view(id);
  if (status !== "SUCCEEDED") throw new Error(`the standard execution ended as ${status}`);
  const { coordinator = 0, ...agents } = world.invocations;
  return {
    units,
    use: {
      messages: world.sentTo.events + world.sentTo.agents,
      writeUnits: write,
      readUnits: read,
      coordinatorRuns: coordinator,
      agentRuns: Object.values(agents).reduce((sum, runs) => sum + runs, 0),
    },
  };
};

const inTurn = (think: () => void, ...turns: readonly (readonly AssistantBlock[])[]): Model => ({
  contextTokens: 130_000,
  estimate: () => ({ tokens: 1_000, microUsd: 1_000 }),
  call: async ({ messages }) => {
    think();
    const content = turns[messages.filter(({ role }) => role === "assistant").length];
    if (content === undefined) throw new Error("more turns than the standard execution has");
    return {
      content,
      stopReason: content.some(({ type }) => type === "tool_use") ? "tool_use" : "end_turn",
      usage: {
        calls: 1,
        inputTokens: 500,
        outputTokens: 500,
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
        microUsd: 100,
      },
      model: "scripted",
      requestId: null,
    };
  },
});
