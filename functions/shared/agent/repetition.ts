import { LIMITS } from "../contracts/limits.ts";
import type { ToolUseBlock } from "../contracts/model-message.ts";
import { TerminalError } from "../kernel/errors.ts";
import type { Turn } from "./saved-turn.ts";
import type { ToolRegistry } from "./tool-registry.ts";

/**
 * In how many turns in a row, up to this one, the same call with the same input was made. Copies
 * within one turn count once: the model had not seen a result yet.
 */
const turnsInARow = (turns: readonly Turn[], turn: Turn, use: ToolUseBlock): number => {
  const call = signatureOf(use);
  let count = 0;
  for (let at = turns.indexOf(turn); at >= 0; at--) {
    if (!turns[at]?.toolUses.some((other) => signatureOf(other) === call)) break;
    count += 1;
  }
  return count;
};

/** What to answer a call that is repeated too often; throws `NoProgress` when answering did not help. */
export const refusalOfRepetition = (
  turns: readonly Turn[],
  turn: Turn,
  use: ToolUseBlock,
): string | undefined => {
  const count = turnsInARow(turns, turn, use);
  if (count >= LIMITS.sameCallFailAfter) {
    throw new TerminalError(
      "NoProgress",
      `the model made the same call of "${use.name.slice(0, 80)}" in ${count} turns in a row; make its task clearer`,
    );
  }
  if (count < LIMITS.sameCallErrorAfter) return undefined;
  return `SAME_CALL: this is call ${count} in a row with the same input; its result will not change, do something else`;
};

/** [bad-input 44] Throws `ModelProtocol` when the last turns called nothing but tools that do not exist. */
export const checkKnowsItsTools = (turns: readonly Turn[], tools: ToolRegistry): void => {
  const last = turns.slice(-LIMITS.toolErrorsInARowMax);
  if (last.length < LIMITS.toolErrorsInARowMax) return;
  const isLost = ({ toolUses }: Turn): boolean =>
    toolUses.length > 0 && toolUses.every(({ name }) => tools.find(name) === undefined);
  if (!last.every(isLost)) return;
  throw new TerminalError(
    "ModelProtocol",
    `the model called tools that do not exist in ${last.length} turns in a row, although it was told which there are`,
  );
};

/** The same for two calls with the same input, in whatever order its fields are. */
export const signatureOf = ({ name, input }: ToolUseBlock): string => JSON.stringify([name, sorted(input)]);

/** The same value with the same order of keys, so that equal inputs have equal texts. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => [name, sorted(inner)]);
};
