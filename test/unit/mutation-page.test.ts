import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PARTS } from "../mutation/parts.ts";

test("docs/mutation.md has the score of each part", () => {
  const rows = readFileSync("docs/mutation.md", "utf8").matchAll(/^\| (\w[\w ]*) \| (\d+\.\d) % \|/gm);
  expect([...rows].map(([, name]) => name)).toEqual(PARTS.map(({ name }) => name));
});

test.each(
  PARTS.flatMap(({ name, sources, tests }) => [...sources, ...tests].map((file) => ({ name, file }))),
)("what the part $name stands on is there: $file", ({ file }) => {
  expect(globSync(file)).not.toEqual([]);
});
