import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PLANTED_BUGS } from "./bugs/all-bugs.ts";
import catchingSeeds from "./bugs/catching-seeds.json" with { type: "json" };
import { checkFits } from "./bugs/plant.ts";

const page = readFileSync("docs/protocol.md", "utf8");
const rules = [...page.matchAll(/^\*\*(P\d+) /gm)].map(([, rule = ""]) => rule);
const invariants = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, number = ""]) => number);
const checks = globSync("test/simulation/**/*.ts")
  .map((file) => readFileSync(file, "utf8"))
  .join("\n");

test("the page has sixteen rules and eighteen invariants", () => {
  expect(rules).toEqual(Array.from({ length: 16 }, (_, index) => `P${index + 1}`));
  expect(invariants).toEqual(Array.from({ length: 18 }, (_, index) => String(index + 1)));
});

test.each(invariants)("invariant %s is checked, by its number", (number) => {
  expect(checks).toMatch(new RegExp(`(must\\(|Violation\\()[^;]*?\\b${number},\\s`));
});

test.each(rules)("rule %s is cited by a check, and a planted bug breaks it", (rule) => {
  expect(checks).toContain(`"${rule}",\n`);
  expect(PLANTED_BUGS.map((bug) => bug.rule)).toContain(rule);
});

test("every planted bug has a world that catches it", () => {
  expect(PLANTED_BUGS.length).toBeGreaterThanOrEqual(40);
  const without = PLANTED_BUGS.filter(({ name }) => !Object.hasOwn(catchingSeeds, name));
  expect(without.map(({ name }) => name)).toEqual([]);
});

test.each(PLANTED_BUGS.map((bug) => [bug.name, bug] as const))(
  "the source has the place for: %s",
  (_, bug) => {
    expect(() => checkFits(bug)).not.toThrow();
  },
);
