import { expect, test } from "vitest";
import {
  ageText,
  bytesText,
  countText,
  dollarsText,
  durationText,
  tokensText,
} from "../../../../infra/cli/view/format.ts";

test.for([
  [0, "0"],
  [999, "999"],
  [1000, "1.0k"],
  [12_449, "12.4k"],
  [99_949, "99.9k"],
  [99_950, "100k"],
  [999_499, "999k"],
  [999_500, "1.0M"],
] as const)("%d tokens read as %s", ([tokens, text]) => expect(tokensText(tokens)).toBe(text));

test("an unknown price is not nothing", () => {
  expect(dollarsText(null)).toBe("$?");
  expect(dollarsText(0)).toBe("$0.0000");
  expect(dollarsText(4100)).toBe("$0.0041");
  expect(dollarsText(1_250_000)).toBe("$1.25");
});

test.for([
  [0, "0.0s"],
  [59_949, "59.9s"],
  [59_950, "1m00s"],
  [125_000, "2m05s"],
  [3_600_000, "1h00m"],
  [90_061_000, "1d01h"],
  [-5, "0.0s"],
] as const)("%d ms read as %s", ([ms, text]) => expect(durationText(ms)).toBe(text));

test("ages have one unit", () => {
  expect([0, 59_999, 60_000, 7_200_000, 200_000_000].map(ageText)).toEqual([
    "0s ago",
    "59s ago",
    "1m ago",
    "2h ago",
    "2d ago",
  ]);
});

test("bytes and counts", () => {
  expect([0, 1023, 1536, 5 * 1024 * 1024].map(bytesText)).toEqual(["0 B", "1023 B", "1.5 KiB", "5.0 MiB"]);
  expect([countText(1, "turn"), countText(2, "turn")]).toEqual(["1 turn", "2 turns"]);
});
