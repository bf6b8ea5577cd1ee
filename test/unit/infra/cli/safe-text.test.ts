import { expect, test } from "vitest";
import { clip } from "../../../../infra/cli/view/paint.ts";
import { oneLine, printable } from "../../../../infra/cli/view/safe-text.ts";

const ESC = "\u001b";

test("escape sequences of a model never reach the terminal", () => {
  expect(printable(`a${ESC}[2Jb${ESC}]0;title\u0007c`)).toBe("abc");
  expect(printable(`half${ESC}`)).not.toContain(ESC);
  expect(printable("over\rwritten\b\u009b2J")).not.toMatch(/[\r\b\u009b]/);
});

test("text that turns the reading direction is made visible", () => {
  expect(printable("safe\u202egnp.exe")).toBe("safe\ufffdgnp.exe");
});

test("lines and tabs stay, also of files from Windows", () => {
  expect(printable("a\r\n\tb\n")).toBe("a\n\tb\n");
});

test("one line is one line", () => {
  expect(oneLine("  a\n\n b\t\u2028c ")).toBe("a b c");
});

test("clipping counts columns, not characters", () => {
  expect(clip("abcdef", 4)).toBe("abc…");
  expect(clip("abcd", 4)).toBe("abcd");
  expect(clip("漢字漢字", 5)).toBe("漢字…");
  expect(clip("abc", Number.POSITIVE_INFINITY)).toBe("abc");
});
