import { expect, test } from "vitest";
import { nearestName } from "../../../../functions/shared/kernel/nearest-name.ts";

const AGENTS = ["coder", "planner", "critic"];

test.each([
  ["plannner", "planner"],
  ["codr", "coder"],
  ["Critic", "critic"],
  ["citric", "critic"],
  ["xyz", undefined],
  ["", undefined],
])("%j is most likely %j", (typed, meant) => {
  expect(nearestName(typed, AGENTS)).toBe(meant);
});

test("a hostile name costs no more than a short one", () => {
  const startedAt = performance.now();
  expect(nearestName("a".repeat(10_000_000), AGENTS)).toBeUndefined();
  expect(performance.now() - startedAt).toBeLessThan(100);
});
