import { createAnthropicModel } from "../../functions/shared/adapters/anthropic-model.ts";
import { isText, isToolUse } from "../../functions/shared/contracts/model-message.ts";
import { totalTokens } from "../../functions/shared/contracts/usage.ts";
import type { Model, ModelRequest, ModelTurn } from "../../functions/shared/ports/model.ts";
import type { Connected } from "./connections.ts";

const TIMEOUT_MS = 180_000;
const FIGURE = 7_919;

const ASKED: ModelRequest = {
  system: "You are a smoke test. Do exactly what you are told, in few words.",
  tools: [
    {
      name: "look_up",
      description: "Gives the figure that belongs to a name.",
      input_schema: {
        type: "object",
        properties: { name: { type: "string" } },
        required: ["name"],
        additionalProperties: false,
      },
    },
  ],
  messages: [
    { role: "user", content: 'Look up the figure of "harbour" with the tool, then answer with that figure.' },
  ],
  maxTokens: 4_096,
};

const SCHEMA = {
  type: "object",
  properties: { figure: { type: "integer", minimum: 1 } },
  required: ["figure"],
  additionalProperties: false,
};

/** A tool call, its result with everything before it sent back, and an answer held to a schema. Rejects with what is wrong. */
export const smoke = async ({ options }: Connected): Promise<string> => {
  const model = createAnthropicModel(options);
  const first = await ask(model, ASKED);
  const use = first.content.find(isToolUse);
  if (use === undefined) throw new Error(`it called no tool, but ended with ${first.stopReason}`);
  const answered: ModelRequest = {
    ...ASKED,
    messages: [
      ...ASKED.messages,
      { role: "assistant", content: first.content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: use.id, content: String(FIGURE) }] },
    ],
  };
  const second = await ask(model, answered);
  if (!textOf(second).replaceAll(/\D/g, "").includes(String(FIGURE)))
    throw new Error(`it answered something else: ${textOf(second).slice(0, 200)}`);
  const third = await ask(model, {
    ...ASKED,
    tools: [],
    messages: [
      {
        role: "user",
        content: `Answer with JSON that fits ${JSON.stringify(SCHEMA)}: the figure is ${FIGURE}.`,
      },
    ],
    answerSchema: SCHEMA,
  });
  if (
    (JSON.parse(textOf(third).replaceAll(/^```(json)?|```$/gm, "")) as { figure?: unknown }).figure !== FIGURE
  )
    throw new Error(`its JSON says something else: ${textOf(third).slice(0, 200)}`);
  const tokens = [first, second, third].reduce((sum, { usage }) => sum + totalTokens(usage), 0);
  return `${first.model}, 3 calls, ${tokens} tokens, request ${first.requestId ?? "without an id"}`;
};

/** Within its time, and never for more than was estimated. */
const ask = async (model: Model, request: ModelRequest): Promise<ModelTurn> => {
  const turn = await model.call(request, AbortSignal.timeout(TIMEOUT_MS));
  const used = totalTokens(turn.usage);
  if (used > model.estimate(request).tokens) throw new Error(`used ${used} tokens, more than was estimated`);
  return turn;
};

const textOf = ({ content }: ModelTurn): string =>
  content
    .filter(isText)
    .map(({ text }) => text)
    .join("");
