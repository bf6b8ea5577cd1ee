import { randomBytes } from "node:crypto";
import type { Block } from "./check-messages.ts";
import type { CheckedRequest } from "./check-request.ts";
import type { Fault } from "./faults.ts";
import type { Turn } from "./script.ts";
import { signThinking } from "./thinking-binding.ts";

/** A whole answer, as the API would return it. */
export interface AnswerMessage {
  readonly id: string;
  readonly model: string;
  readonly content: readonly Block[];
  readonly stopReason: string;
  readonly usage: Readonly<Record<string, number>> | null;
  /** The last tool call's input is sent broken off. */
  readonly breaksInput: boolean;
}

/** English and code run at about four characters a token. */
const tokensOf = (characters: number): number => Math.ceil(characters / 4);

export const messageOfTurn = (
  turn: Turn,
  fault: Fault | undefined,
  request: CheckedRequest,
  bodyBytes: number,
): AnswerMessage => {
  const played = fault === undefined ? turn : withFault(turn, fault);
  const content = contentOf(played, request);
  const hasCalls = content.some(({ type }) => type === "tool_use");
  const { text = "", thinking = "", calls = [] } = played;
  const written = tokensOf(text.length + thinking.length + JSON.stringify(calls).length) + 4;
  // A script may say more than a model could, to try large answers; it is billed as a model would be.
  const outputTokens = Math.min(written, request.maxTokens);
  return {
    id: `msg_${randomBytes(12).toString("hex")}`,
    model: request.model,
    content,
    stopReason: played.stopReason ?? (hasCalls ? "tool_use" : "end_turn"),
    usage:
      played.usage === null
        ? null
        : { ...usageOf(request, bodyBytes, outputTokens), ...(played.usage ?? {}) },
    breaksInput: fault?.kind === "malformed-input",
  };
};

/** Faults that change what is said; the others change how it is sent. */
const withFault = (turn: Turn, fault: Fault): Turn => {
  const half = (turn.text ?? "").slice(0, Math.ceil((turn.text ?? "").length / 2));
  switch (fault.kind) {
    case "refusal":
      return { text: half, stopReason: "refusal" };
    case "truncation":
      return { text: half, stopReason: "max_tokens" };
    case "empty":
      return { stopReason: "end_turn" };
    default:
      return turn;
  }
};

const contentOf = ({ thinking, text, calls = [] }: Turn, request: CheckedRequest): readonly Block[] => [
  ...(thinking === undefined
    ? []
    : [{ type: "thinking", thinking, signature: signThinking(request, thinking) }]),
  ...(text === undefined || text === "" ? [] : [{ type: "text", text }]),
  ...calls.map(({ name, input }) => ({
    type: "tool_use",
    id: `toolu_${randomBytes(12).toString("hex")}`,
    name,
    input,
  })),
];

/** With breakpoints the prompt but for its newest part comes from the cache, from the second turn on. */
const usageOf = (
  { messages, breakpoints }: CheckedRequest,
  bodyBytes: number,
  outputTokens: number,
): Record<string, number> => {
  const promptTokens = tokensOf(bodyBytes);
  if (breakpoints === 0) return { input_tokens: promptTokens, output_tokens: outputTokens };
  const cached = Math.max(promptTokens - 4, 0);
  const newest = tokensOf(JSON.stringify(messages.slice(-2)).length);
  const read = messages.length === 1 ? 0 : Math.max(cached - newest, 0);
  return {
    input_tokens: promptTokens - cached,
    cache_creation_input_tokens: cached - read,
    cache_read_input_tokens: read,
    output_tokens: outputTokens,
  };
};
