import type { Usage } from "../contracts/usage.ts";

/** Micro-dollars per 1,000 tokens, so that every list price is an integer: $0.125 per MTok is 125. */
interface Rates {
  readonly input: number;
  readonly output: number;
  /** Entries of 5 minutes, the only kind that we ask for. */
  readonly cacheWrite: number;
  readonly cacheRead: number;
}

/** What one call of a model costs. */
export interface Price extends Rates {
  /** Rates for every token of a call whose prompt, cached parts included, is longer than this. */
  readonly longPrompt?: Rates & { readonly aboveTokens: number };
}

interface DatedPrice {
  readonly models: readonly string[];
  /** UTC day on which the provider published the price. */
  readonly effectiveFrom: string;
  readonly price: Price;
}

const usdPerMTok = (input: number, output: number, cacheWrite: number, cacheRead: number): Rates => ({
  input: Math.round(input * 1000),
  output: Math.round(output * 1000),
  cacheWrite: Math.round(cacheWrite * 1000),
  cacheRead: Math.round(cacheRead * 1000),
});

/** List prices as published on 2026-11-24; several entries of a model follow each other in time. */
const TABLE: readonly DatedPrice[] = [
  {
    models: ["claude-fable-5-2", "claude-mythos-5-2"],
    effectiveFrom: "2026-11-09",
    price: usdPerMTok(8, 40, 10, 0.2),
  },
  {
    models: ["claude-fable-5-1", "claude-mythos-5-1"],
    effectiveFrom: "2026-09-01",
    price: usdPerMTok(10, 50, 12.5, 0.25),
  },
  {
    models: ["claude-fable-5", "claude-mythos-5"],
    effectiveFrom: "2026-06-09",
    price: usdPerMTok(10, 50, 12.5, 1),
  },
  { models: ["claude-opus-5-5"], effectiveFrom: "2026-09-22", price: usdPerMTok(4, 20, 5, 0.2) },
  {
    models: [
      "claude-opus-5",
      "claude-opus-4-8",
      "claude-opus-4-7",
      "claude-opus-4-6",
      "claude-opus-4-5",
      "claude-opus-4-5-20251101",
    ],
    effectiveFrom: "2025-11-01",
    price: usdPerMTok(5, 25, 6.25, 0.5),
  },
  { models: ["claude-sonnet-5-5"], effectiveFrom: "2026-09-28", price: usdPerMTok(2, 10, 2.5, 0.2) },
  { models: ["claude-sonnet-5-5"], effectiveFrom: "2026-10-07", price: usdPerMTok(2, 10, 2.5, 0.1) },
  { models: ["claude-sonnet-5"], effectiveFrom: "2026-06-01", price: usdPerMTok(2, 10, 2.5, 0.2) },
  {
    models: ["claude-sonnet-4-6", "claude-sonnet-4-5", "claude-sonnet-4-5-20250929"],
    effectiveFrom: "2025-09-29",
    price: usdPerMTok(3, 15, 3.75, 0.3),
  },
  {
    models: ["claude-haiku-5-5"],
    effectiveFrom: "2026-10-07",
    price: {
      ...usdPerMTok(0.1, 0.5, 0.125, 0.01),
      longPrompt: { aboveTokens: 100_000, ...usdPerMTok(0.5, 2.5, 0.625, 0.05) },
    },
  },
  {
    models: ["claude-haiku-4-5", "claude-haiku-4-5-20251001"],
    effectiveFrom: "2025-10-01",
    price: usdPerMTok(1, 5, 1.25, 0.1),
  },
  // Z.AI keeps cache entries free of charge: writing one costs what reading the prompt costs.
  {
    models: ["glm-5.3", "glm-5.2", "glm-5.1"],
    effectiveFrom: "2026-06-16",
    price: usdPerMTok(1.4, 4.4, 1.4, 0.26),
  },
  { models: ["glm-5.3-flash"], effectiveFrom: "2026-08-21", price: usdPerMTok(0.15, 0.5, 0.15, 0.15) },
  { models: ["glm-5"], effectiveFrom: "2026-02-11", price: usdPerMTok(1, 3.2, 1, 0.2) },
  { models: ["glm-4.7", "glm-4.6"], effectiveFrom: "2025-12-22", price: usdPerMTok(0.6, 2.2, 0.6, 0.11) },
];

/**
 * The model's list price at an instant (ms since the epoch); before its first entry, that entry.
 * `null` for a model that is not in the table, never 0: a dollar budget cannot be kept with it.
 */
export const priceOf = (model: string, at: number): Price | null => {
  const entries = TABLE.filter(({ models }) => models.includes(model)).sort((a, b) =>
    a.effectiveFrom.localeCompare(b.effectiveFrom),
  );
  const current = entries.findLast(({ effectiveFrom }) => Date.parse(effectiveFrom) <= at);
  return (current ?? entries[0])?.price ?? null;
};

/** Micro-dollars for what one call used, rounded up; `null` when the price is not known. */
export const costMicroUsd = (
  usage: Pick<Usage, "inputTokens" | "outputTokens" | "cacheReadTokens" | "cacheWriteTokens">,
  price: Price | null,
): number | null => {
  if (price === null) return null;
  const promptTokens = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  const { longPrompt } = price;
  const rates = longPrompt !== undefined && promptTokens > longPrompt.aboveTokens ? longPrompt : price;
  return Math.ceil(
    (usage.inputTokens * rates.input +
      usage.outputTokens * rates.output +
      usage.cacheReadTokens * rates.cacheRead +
      usage.cacheWriteTokens * rates.cacheWrite) /
      1000,
  );
};
