import { expect, test } from "vitest";
import { limitOutput, type OutputPiece } from "../../../functions/sandbox/output-limit.ts";

const passed = (texts: readonly string[], bytesMax: number): OutputPiece[] => {
  const pieces: OutputPiece[] = [];
  const print = limitOutput((piece) => pieces.push(piece), bytesMax);
  for (const text of texts) print(text);
  return pieces;
};

test("output passes as it comes until there is too much of it", () => {
  expect(passed(["abc", "def"], 6)).toEqual([
    { text: "abc", isCut: false },
    { text: "def", isCut: false },
  ]);
  expect(passed(["abc", "defg", "h"], 6)).toEqual([
    { text: "abc", isCut: false },
    { text: "def", isCut: true },
  ]);
});

test("it is never cut inside a character, and what was cut is said even when nothing more fits", () => {
  expect(passed(["aé", "é"], 4)).toEqual([
    { text: "aé", isCut: false },
    { text: "", isCut: true },
  ]);
  expect(passed(["abcd", "e", "f"], 4)).toEqual([
    { text: "abcd", isCut: false },
    { text: "", isCut: true },
  ]);
});
