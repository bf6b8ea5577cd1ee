import { expect, test } from "vitest";
import { wrapProse } from "../../../../infra/cli/view/prose.ts";

const wrapped = (text: string): string[] => wrapProse(text, 24).split("\n");

test("long lines break between words", () => {
  expect(wrapped("one two three four five six seven")).toEqual(["one two three four five", "six seven"]);
});

test("a quoted list item stays quoted, and hangs under its own text", () => {
  expect(wrapped("> 1. one two three four five")).toEqual(["> 1. one two three four", ">    five"]);
  expect(wrapped("- one two three four five")).toEqual(["- one two three four", "  five"]);
});

test("code blocks, short lines and endless words stay as they are", () => {
  const code = "```\nconst answer = 42; // the answer\n```";
  expect(wrapProse(code, 24)).toBe(code);
  expect(wrapProse("a\n\n  b", 24)).toBe("a\n\n  b");
  expect(wrapped(`see ${"x".repeat(40)} now`)).toEqual(["see", "x".repeat(40), "now"]);
});

test("a paragraph that was broken elsewhere flows as one; list items and quotes do not run together", () => {
  expect(wrapped("one two three four five six\nseven\n- eight nine ten eleven twelve")).toEqual([
    "one two three four five",
    "six seven",
    "- eight nine ten eleven",
    "  twelve",
  ]);
  expect(wrapped("> 1. one two three four five\n>    six\n> 2. two")).toEqual([
    "> 1. one two three four",
    ">    five six",
    "> 2. two",
  ]);
});

test("headings and tables are not paragraphs", () => {
  const text = "# One\ntwo\n| a long table | of two columns |\n| --- | --- |";
  expect(wrapProse(text, 24)).toBe(text);
});

test("no word is lost at any width", () => {
  const text =
    "> - The *first* one was a defect of my first version: it is mended in `#refilled`.\n\nAnd so on.";
  const words = (of: string): string[] => of.split(/[\s>]+/).filter((word) => word !== "" && word !== "-");
  for (let columns = 20; columns < 100; columns += 1) {
    expect(words(wrapProse(text, columns))).toEqual(words(text));
  }
});

test("a line may be exactly as wide as the terminal, and no wider", () => {
  const text = "ten letter word after word";
  expect(wrapProse(text, text.length)).toBe(text);
  expect(wrapProse(`${text} on`, text.length)).toBe(`${text}\non`);
  expect(wrapProse(`${text} on`, text.length - 1)).toBe("ten letter word after\nword on");
});

test("a terminal of twenty columns is the narrowest that is wrapped for", () => {
  const text = "word ".repeat(10).trim();
  expect(wrapProse(text, 20).split("\n")[0]).toBe("word word word word");
  expect(wrapProse(text, 19)).toBe(text);
});
