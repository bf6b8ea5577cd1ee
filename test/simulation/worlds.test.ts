import { expect, test } from "vitest";
import { commitOf, firstSeedOf } from "./commit.ts";
import { hunt } from "./hunt.ts";
import { PINNED_SEEDS } from "./pinned-seeds.ts";
import { failureReport } from "./report.ts";
import { runWorld } from "./world.ts";

const SECONDS = Number(process.env["SIM_SECONDS"] ?? 30);
/** One of each weather and ablation, more or less. */
const TWICE = [3, 7, 11, 12, 18];

test.each(PINNED_SEEDS)("seed $seed keeps every promise ($found)", async ({ seed }) => {
  const outcome = await runWorld({ seed });
  expect(outcome.violation === undefined ? "" : failureReport(outcome, commitOf())).toBe("");
});

test("the same seed is the same world, step by step", async () => {
  for (const seed of TWICE) {
    const [first, second] = [await runWorld({ seed }), await runWorld({ seed })];
    expect(second.traceHash, `seed ${seed}`).toBe(first.traceHash);
    expect(second.steps).toBe(first.steps);
  }
});

test("different seeds are different worlds", async () => {
  const hashes = new Set<string>();
  for (let seed = 1; seed <= 5; seed++) hashes.add((await runWorld({ seed })).traceHash);
  expect(hashes.size).toBe(5);
});

test("worlds that nobody has seen before keep every promise, as far as time allows", {
  timeout: SECONDS * 1000 + 60_000,
}, async () => {
  const commit = commitOf();
  const caught = await hunt({
    firstSeed: firstSeedOf(commit),
    stride: 1,
    until: performance.now() + SECONDS * 1000,
  });
  expect(caught.failure === undefined ? "" : failureReport(caught.failure, commit)).toBe("");
  expect(caught.worlds).toBeGreaterThan(0);
});
