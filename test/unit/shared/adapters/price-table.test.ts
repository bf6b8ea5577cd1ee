import { describe, expect, test } from "vitest";
import { costMicroUsd, priceOf } from "../../../../functions/shared/adapters/price-table.ts";
import { defaultModelOf } from "../../../../functions/shared/contracts/default-model.ts";
import { NO_USAGE } from "../../../../functions/shared/contracts/usage.ts";

const november = Date.parse("2026-11-24");
const MTOK = 1_000_000;

describe("priceOf", () => {
  test("is null for a model that is not in the table, never 0", () => {
    for (const model of ["gpt-6", "", "claude-sonnet-5-5-20270101", "constructor"]) {
      expect(priceOf(model, november)).toBeNull();
    }
  });

  test("knows the default model of every provider that is billed by a list price", () => {
    for (const provider of ["anthropic", "glm"] as const) {
      expect(priceOf(defaultModelOf(provider) ?? "", november)).not.toBeNull();
    }
    expect(defaultModelOf("compatible")).toBeUndefined();
  });

  test("changes on the day that the provider changed it", () => {
    const readAt = (day: string): number | undefined =>
      priceOf("claude-sonnet-5-5", Date.parse(day))?.cacheRead;
    expect(readAt("2026-10-06T23:59:59Z")).toBe(200);
    expect(readAt("2026-10-07T00:00:00Z")).toBe(100);
  });

  test("is the first known one before that: a clock that runs late makes nothing free", () => {
    expect(priceOf("claude-sonnet-5-5", 0)).toEqual(priceOf("claude-sonnet-5-5", Date.parse("2026-09-28")));
  });
});

describe("costMicroUsd", () => {
  const cost = (model: string, usage: Partial<typeof NO_USAGE>): number | null =>
    costMicroUsd({ ...NO_USAGE, ...usage }, priceOf(model, november));

  test.each([
    ["input", { inputTokens: MTOK }, 2_000_000],
    ["output", { outputTokens: MTOK }, 10_000_000],
    ["cache write", { cacheWriteTokens: MTOK }, 2_500_000],
    ["cache read", { cacheReadTokens: MTOK }, 100_000],
  ])("a million tokens of %s cost the list price", (_, usage, expected) => {
    expect(cost("claude-sonnet-5-5", usage)).toBe(expected);
  });

  test("is rounded up, and nothing costs nothing", () => {
    expect(cost("claude-haiku-5-5", { inputTokens: 1 })).toBe(1);
    expect(cost("claude-haiku-5-5", { inputTokens: 30 })).toBe(3);
    expect(cost("claude-haiku-5-5", {})).toBe(0);
  });

  test("is the long prompt's for every token, once the prompt with its cached parts is long", () => {
    expect(cost("claude-haiku-5-5", { cacheReadTokens: 100_000, outputTokens: 1_000 })).toBe(1_500);
    expect(cost("claude-haiku-5-5", { cacheReadTokens: 100_000, inputTokens: 1, outputTokens: 1_000 })).toBe(
      7_501,
    );
  });

  test("is null when the price is", () => {
    expect(cost("unknown", { inputTokens: 1 })).toBeNull();
  });
});
