import type { FailureName } from "../contracts/failure.ts";
import { type AssistantBlock, isText } from "../contracts/model-message.ts";
import type { Turn } from "./saved-turn.ts";

/** What a saved turn asks for. Pure, so that a successor comes to the same judgement. */
export type Judgement =
  | { readonly kind: "calls" | "goOn" }
  | { readonly kind: "answer"; readonly text: string }
  | { readonly kind: "failure"; readonly name: FailureName; readonly message: string };

export const judgeTurn = (
  turn: Pick<Turn, "content" | "toolUses"> & { readonly record: Pick<Turn["record"], "stopReason"> },
): Judgement => {
  const ended = ENDED_BY.get(turn.record.stopReason ?? "");
  if (ended !== undefined) return { kind: "failure", ...ended };
  if (turn.toolUses.length > 0) return { kind: "calls" };
  if (turn.record.stopReason === "pause_turn") return { kind: "goOn" };
  const text = textOf(turn.content);
  return text.trim() === "" ? { kind: "failure", ...EMPTY } : { kind: "answer", text };
};

/** Whether a turn with this content can only end the attempt. */
export const endsAttempt = (turn: Turn): boolean => judgeTurn(turn).kind === "failure";

const textOf = (content: readonly AssistantBlock[]): string =>
  content
    .filter(isText)
    .map((block) => block.text)
    .join("")
    .toWellFormed();

interface Ended {
  readonly name: FailureName;
  readonly message: string;
}

const truncatedAt = (what: string): Ended => ({
  name: "Truncated",
  message: `the model's message was cut at ${what}; ask for less at once or raise the agent's maxTokens`,
});

/** Stop reasons after which a message must not be acted on: calls in it may be cut in half. */
const ENDED_BY: ReadonlyMap<string, Ended> = new Map([
  ["refusal", { name: "Refused", message: "the model refused this request" }],
  ["max_tokens", truncatedAt("the token limit")],
  ["model_context_window_exceeded", truncatedAt("the model's context window")],
]);

const EMPTY: Ended = {
  name: "EmptyAnswer",
  message: "the model ended without a text and without a tool call",
};
