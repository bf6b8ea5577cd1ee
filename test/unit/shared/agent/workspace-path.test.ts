import { expect, test } from "vitest";
import { workspacePath, writablePath } from "../../../../functions/shared/agent/workspace-path.ts";
import { LIMITS } from "../../../../functions/shared/contracts/limits.ts";

const deep = (parts: number): string => Array.from({ length: parts }, () => "a").join("/");
const long = (bytes: number): string =>
  `${Array.from({ length: 9 }, () => "b".repeat(99)).join("/")}/`.slice(0, bytes - 1).concat("c");

test("a path at each limit is one, and a step beyond is refused with that limit", () => {
  expect(workspacePath(deep(LIMITS.pathPartsMax))).toBe(deep(LIMITS.pathPartsMax));
  expect(() => workspacePath(deep(LIMITS.pathPartsMax + 1))).toThrow("has more than 16 parts");
  expect(workspacePath("a".repeat(LIMITS.pathPartCharactersMax))).toHaveLength(100);
  expect(() => workspacePath("a".repeat(LIMITS.pathPartCharactersMax + 1))).toThrow("too long");
  expect(workspacePath(long(LIMITS.pathBytesMax))).toHaveLength(900);
  expect(() => workspacePath(`${long(LIMITS.pathBytesMax)}d`)).toThrow("is longer than 900 bytes");
});

test.each([
  ["a//b", "a part that is empty"],
  ["a\\b", "other characters"],
  ["a/..", "is, or ends with, a dot"],
  [" a", "a space at an edge"],
  ["handoffs/a.md", "the answers of other agents"],
])("%j is refused with what is wrong and how it is done right", (path, problem) => {
  expect(() => writablePath(path)).toThrow(problem);
  expect(() => writablePath(path)).toThrow('use a relative path such as "src/main.ts"');
});

test("of a path that is refused at most 80 characters are repeated", () => {
  expect(() => workspacePath(`${"x".repeat(80)}yyy\\`)).toThrow(`"${"x".repeat(80)}" `);
});
