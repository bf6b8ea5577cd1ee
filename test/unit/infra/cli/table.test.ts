import { expect, test } from "vitest";
import { plain } from "../../../../infra/cli/view/paint.ts";
import { type Column, tableLines } from "../../../../infra/cli/view/table.ts";

const COLUMNS: readonly Column[] = [
  { title: "size", align: "right" },
  { title: "path", flexible: true },
  { title: "by" },
];
const ROWS = [
  ["811 B", "README.md", "coder"],
  ["2.5 KiB", "src/a-long-name-of-a-module.ts", "critic"],
];
const lines = (columns: number, fill?: boolean): string[] =>
  tableLines(COLUMNS, ROWS, { columns, paint: plain, ...(fill === undefined ? {} : { fill }) });

test("in a pipe nothing is cut, and filling an endless line changes nothing", () => {
  expect(lines(Number.POSITIVE_INFINITY)).toEqual([
    "   size  path                            by",
    "  811 B  README.md                       coder",
    "2.5 KiB  src/a-long-name-of-a-module.ts  critic",
  ]);
  expect(lines(Number.POSITIVE_INFINITY, true)).toEqual(lines(Number.POSITIVE_INFINITY));
});

test("on a terminal only the flexible column gives way, and an ellipsis says so", () => {
  expect(lines(32)).toEqual([
    "   size  path             by",
    "  811 B  README.md        coder",
    "2.5 KiB  src/a-long-nam…  critic",
  ]);
});

test("a table is as wide as its texts, unless it is to fill the line", () => {
  const widthsOf = (table: readonly string[]): number => Math.max(...table.map((line) => line.length));
  expect(widthsOf(lines(100))).toBe(47);
  expect(widthsOf(lines(100, true))).toBe(100);
});

test("no line is wider than the terminal, however narrow", () => {
  for (const columns of [1, 8, 16, 20]) {
    for (const line of lines(columns)) expect(line.length).toBeLessThanOrEqual(columns);
  }
});
