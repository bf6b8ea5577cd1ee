import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "../src/duration.ts";

test("every unit is known", () => {
  expect(parseDuration("500ms")).toBe(500);
  expect(parseDuration("90s")).toBe(90_000);
  expect(parseDuration("2m")).toBe(120_000);
  expect(parseDuration("1.5h")).toBe(5_400_000);
  expect(parseDuration("2d")).toBe(172_800_000);
});

test("parts add up, with white space between them or without", () => {
  expect(parseDuration("1h 30m")).toBe(5_400_000);
  expect(parseDuration("1h30m")).toBe(5_400_000);
});

test("what is no duration is quoted in a RangeError", () => {
  expect(() => parseDuration("soon")).toThrow('"soon" is no duration');
  expect(() => parseDuration("")).toThrow(RangeError);
});

test("the shortest text is chosen", () => {
  expect(formatDuration(5_400_000)).toBe("1h 30m");
  expect(formatDuration(0)).toBe("0s");
  expect(formatDuration(1_001)).toBe("1s 1ms");
});

test("what cannot be written is refused", () => {
  expect(() => formatDuration(-1)).toThrow(RangeError);
  expect(() => formatDuration(0.5)).toThrow(RangeError);
});

test("every text comes back as the number that it was", () => {
  for (const ms of [1, 999, 61_000, 3_599_999, 90_061_001, 172_800_000]) {
    expect(parseDuration(formatDuration(ms))).toBe(ms);
  }
});
