import { LIMITS } from "../contracts/limits.ts";
import type { ToolUseBlock } from "../contracts/model-message.ts";
import { TerminalError } from "../kernel/errors.ts";
import { signatureOf } from "./repetition.ts";
import type { Turn } from "./saved-turn.ts";
import type { ToolResult, Transcript } from "./transcript.ts";

/**
 * The result as the model is told it: from the fifth turn in a row that brought nothing new, with a word
 * on that, and as an error. Nothing is refused, for the next try may be the right one.
 */
export const warnedOfStandstill = (
  transcript: Transcript,
  turn: Turn,
  use: ToolUseBlock,
  result: ToolResult,
): ToolResult => {
  const { idleTurns, isKnown } = historyBefore(transcript, turn);
  if (idleTurns + 1 < LIMITS.idleTurnsErrorAfter) return result;
  if (!result.isError && !isKnown(use, result)) return result;
  const warning = `NO_PROGRESS: in the ${idleTurns} turns before this one every call failed or brought what an earlier one had, and so does this; do something else, or answer with what you have`;
  return { content: `${warning}\n\n${result.content}`, isError: true };
};

/** Throws `NoProgress` when telling the model did not help. All calls of `turn` have been answered. */
export const checkProgress = (transcript: Transcript, turn: Turn): void => {
  const { idleTurns, isIdle } = historyBefore(transcript, turn);
  if (!isIdle(turn) || idleTurns + 1 < LIMITS.idleTurnsFailAfter) return;
  throw new TerminalError(
    "NoProgress",
    `in ${idleTurns + 1} turns in a row every call failed or brought what an earlier one had; make the task clearer, or give its agent the tools for it`,
  );
};

interface History {
  /** Turns in a row, the last one before the turn in question. */
  readonly idleTurns: number;
  /** Whether every call of the turn failed, or had been made before it with the same result. */
  isIdle(turn: Turn): boolean;
  isKnown(use: ToolUseBlock, result: ToolResult): boolean;
}

/** From the records alone, so that a successor counts as its predecessor did. */
const historyBefore = (transcript: Transcript, until: Turn): History => {
  const known = new Set<string>();
  const isKnown: History["isKnown"] = (use, { content }) => known.has(entryOf(use, content));
  const isIdle: History["isIdle"] = (turn) =>
    turn.toolUses.length > 0 &&
    turn.toolUses.every((use, index) => {
      const result = transcript.resultOf(turn, index);
      return result !== undefined && (result.isError || isKnown(use, result));
    });
  let idleTurns = 0;
  for (const turn of transcript.turns) {
    if (turn === until) break;
    idleTurns = isIdle(turn) ? idleTurns + 1 : 0;
    turn.toolUses.forEach((use, index) => {
      const result = transcript.resultOf(turn, index);
      if (result !== undefined) known.add(entryOf(use, result.content));
    });
  }
  return { idleTurns, isIdle, isKnown };
};

const entryOf = (use: ToolUseBlock, content: string): string => `${signatureOf(use)}\n${content}`;
