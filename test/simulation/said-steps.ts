import type {
  AssistantBlock,
  ModelMessage,
  ToolUseBlock,
} from "../../functions/shared/contracts/model-message.ts";
import type { ModelTurn } from "../../functions/shared/ports/model.ts";
import type { Chance } from "./chance.ts";
import { answerText, type HandoffStep, type Plan, planIdIn, stepOf, taskText } from "./plan.ts";

// What a model says for a step of its plan, and how it finds in a conversation what it has said.

export type Said = Pick<ModelTurn, "content" | "stopReason">;

const STEP = "step ";

export const sayStep = (plan: Plan, index: number, chance: Chance): Said => {
  const step = stepOf(plan, index);
  const marker: AssistantBlock = { type: "text", text: `${STEP}${index} of ${plan.agent}` };
  const use = (name: string, input: unknown, n: number): ToolUseBlock => ({
    type: "tool_use",
    id: `toolu_${index}_${n}`,
    name,
    input,
  });
  const calls = (content: readonly ToolUseBlock[]): Said => ({
    content: [marker, ...content],
    stopReason: "tool_use",
  });
  switch (step.kind) {
    case "answer":
      return {
        content: [{ type: "text", text: `${answerText(plan)}${step.padding}` }],
        stopReason: "end_turn",
      };
    case "tools":
      return calls(step.calls.map(({ name, input }, n) => use(name, input, n)));
    case "handoffs": {
      const beside = step.beside.map(({ name, input }, n) => use(name, input, n + 100));
      const handoffs = step.calls.map((handoff, n) => use("handoff", handoffInput(handoff), n));
      return calls(chance.hit(0.5) ? [...beside, ...handoffs] : [...handoffs, ...beside]);
    }
  }
};

const handoffInput = ({ mode, to, ...rest }: HandoffStep) => ({
  mode,
  to: to.map((plan) => ({ agent: plan.agent, task: taskText(plan) })),
  ...rest,
});

/** How all notes of a conversation begin; no two are the same. */
export const NOTED = "notes: ";

export const sayNotes = (steps: number, chance: Chance): Said => ({
  content: [{ type: "text", text: `${NOTED}${steps} steps done (${chance.int(1, 1e9)})` }],
  stopReason: "end_turn",
});

/** In the last message, in words that are the agent runtime's (compaction.ts). */
export const isAskedForNotes = (messages: readonly ModelMessage[]): boolean =>
  JSON.stringify(messages.at(-1)?.content).includes('"This conversation is becoming too long');

/** The number of the plan that the task is about. */
export const planIdOf = (messages: readonly ModelMessage[]): number => planIdIn(textOfFirst(messages));

/** Of the plan: those that are still said, and those that only notes speak of. */
export const stepsDone = (messages: readonly ModelMessage[]): number =>
  Number(/notes: (\d+) steps done/.exec(textOfFirst(messages))?.[1] ?? 0) +
  messages.filter(isPlannedStep).length;

const isPlannedStep = (message: ModelMessage): boolean => {
  if (message.role !== "assistant") return false;
  const [first] = message.content;
  return first?.type === "text" && String((first as { text?: unknown }).text).startsWith(STEP);
};

export const textOfFirst = (messages: readonly ModelMessage[]): string => {
  const content = messages[0]?.content ?? "";
  if (typeof content === "string") return content;
  return content.map((block) => ("text" in block ? block.text : "")).join("\n");
};
