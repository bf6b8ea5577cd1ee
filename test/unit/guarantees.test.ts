import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const page = readFileSync("docs/guarantees.md", "utf8");
const rows = page.split("\n").filter((line) => /^\| \d+ \|/.test(line));
/** `file` "title", "another title"; `another file` "title". */
const testsIn = (row: string): { file: string; title: string }[] =>
  [...row.matchAll(/`([\w/-]+\.test\.ts)` ((?:"[^"]+"(?:, )?)+)/g)].flatMap(([, file = "", titles = ""]) =>
    [...titles.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => ({ file, title })),
  );

test("each guarantee names a test, and a limit", () => {
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows) {
    expect(testsIn(row), row).not.toEqual([]);
    expect(row.split("|")[3]?.trim(), row).not.toBe("");
  }
});

test.each(rows.flatMap(testsIn))("the guarantee's test exists: $file $title", ({ file, title }) => {
  expect(readFileSync(`test/${file}`, "utf8")).toContain(title);
});

const everywhere = page
  .slice(page.indexOf("## On every platform"), page.indexOf("## Measured"))
  .split("\n")
  .flatMap(testsIn);

test.each(everywhere)(
  "$file $title needs nothing but an API, so that it runs on every platform",
  ({ file, title }) => {
    const text = readFileSync(`test/${file}`, "utf8");
    expect(text).toContain(title);
    expect(text).toMatch(/\bopen(Target|Team)\(/);
  },
);
