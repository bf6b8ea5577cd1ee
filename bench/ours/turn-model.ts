import type { ModelMessage } from "../../functions/shared/contracts/model-message.ts";
import { NO_USAGE } from "../../functions/shared/contracts/usage.ts";
import type { Model, ModelRequest, ModelTurn } from "../../functions/shared/ports/model.ts";

interface Request {
  readonly id: string;
  readonly prompt: string;
  readonly o: { readonly targets: readonly string[] };
}
interface Turn {
  readonly text: string;
  readonly handoff?: readonly string[];
}
interface Work {
  agentTurn(agent: string, turn: number, request: Request, input: object): Promise<Turn>;
  aggregate(results: { agent: string; text: string }[]): { parts: number; text: string };
}

/**
 * A model whose turns are the harness's own `agentTurn`, as every peer of the benchmark makes
 * them: in the agent's process, so that a burn or a kill hits this agent and no other.
 */
export const createTurnModel = (agent: string): Model => {
  let work: Promise<Work> | undefined;
  return {
    contextTokens: 130_000,
    estimate: () => ({ tokens: 100, microUsd: 1 }),
    async call(request: ModelRequest): Promise<ModelTurn> {
      work ??= import(`${process.env["PEERS_LIB"]}/work.mjs`) as Promise<Work>;
      const { agentTurn, aggregate } = await work;
      const turn = request.messages.filter((message) => message.role === "assistant").length + 1;
      const asked = JSON.parse(firstText(request.messages)) as { request: Request; from?: string };
      const agg = agent === "coder" && turn === 2 ? aggregate(answers(request.messages)) : undefined;
      const answer = await agentTurn(agent, turn, asked.request, {
        prompt: asked.request.prompt,
        from: asked.from,
        agg,
      });
      return toModelTurn(answer, asked.request, turn);
    },
  };
};

const firstText = (messages: readonly ModelMessage[]): string => {
  const content = messages[0]?.content ?? "";
  const text =
    typeof content === "string"
      ? content
      : content
          .map((block) => ("text" in block && typeof block.text === "string" ? block.text : ""))
          .join("");
  return text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1);
};

/** As the agent reads them: with many branches, an answer is a preview and a path in the workspace. */
const answers = (messages: readonly ModelMessage[]): { agent: string; text: string }[] => {
  const content = messages.at(-1)?.content;
  if (content === undefined || typeof content === "string") throw new Error("no tool results");
  return content.flatMap((block) => {
    if (block.type !== "tool_result") return [];
    const results = JSON.parse(String(block["content" as keyof typeof block])) as {
      agent: string;
      answer: string;
    }[];
    return results.map(({ agent, answer }) => ({ agent, text: answer }));
  });
};

const toModelTurn = (answer: Turn, request: Request, turn: number): ModelTurn => ({
  content:
    answer.handoff === undefined
      ? [{ type: "text", text: JSON.stringify(answer) }]
      : [
          {
            type: "tool_use",
            id: `toolu_${request.id}_${turn}`,
            name: "handoff",
            input: {
              mode: "parallel",
              to: answer.handoff.map((agent) => ({
                agent,
                task: JSON.stringify({ request, from: answer.text }),
              })),
            },
          },
        ],
  stopReason: answer.handoff === undefined ? "end_turn" : "tool_use",
  usage: { ...NO_USAGE, calls: 1 },
  model: "bench",
  requestId: null,
});
