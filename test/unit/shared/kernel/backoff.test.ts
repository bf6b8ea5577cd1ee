import { expect, test } from "vitest";
import { backoffMs } from "../../../../functions/shared/kernel/backoff.ts";

const settings = { baseMs: 100, maxMs: 1_000 };

test("the upper bound doubles with each try, up to the maximum", () => {
  const almostOne = 1 - Number.EPSILON;
  expect([1, 2, 3, 4, 5, 50].map((tries) => backoffMs(tries, settings, almostOne))).toEqual([
    99, 199, 399, 799, 999, 999,
  ]);
});

test("chance spreads the wait over all of it", () => {
  expect(backoffMs(3, settings, 0)).toBe(0);
  expect(backoffMs(3, settings, 0.5)).toBe(200);
});
