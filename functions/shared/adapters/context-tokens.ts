import { priceOf } from "./price-table.ts";

/** What every model in the price table takes, and current ones several times over. */
const WINDOW_TOKENS = 200_000;

/**
 * How long a conversation with a model may become before it is begun anew: two thirds of the window, or
 * of what a prompt may have at its plain price. The rest is room for what one turn can add (its answer,
 * `turnResultsBytesMax` of results, a handoff's answers) and for the notes.
 */
export const contextTokensOf = (model: string | undefined, at: number): number => {
  const price = model === undefined ? null : priceOf(model, at);
  return Math.floor(0.65 * Math.min(WINDOW_TOKENS, price?.longPrompt?.aboveTokens ?? WINDOW_TOKENS));
};
