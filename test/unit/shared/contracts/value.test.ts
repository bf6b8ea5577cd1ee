import fc from "fast-check";
import { expect, test } from "vitest";
import { previewOf, valuePreview } from "../../../../functions/shared/contracts/value.ts";

test.each([
  ["\u007f", 1],
  ["\u0080", 2],
  ["\u07ff", 2],
  ["\u0800", 3],
  ["\uffff", 3],
  ["\u{10000}", 4],
])("%j takes its bytes, and no room less one leaves nothing of it", (character, bytes) => {
  expect(Buffer.byteLength(character)).toBe(bytes);
  expect(previewOf(`${character}x`, bytes)).toBe(character);
  expect(previewOf(`${character}x`, bytes - 1)).toBe("");
});

test("a preview is the longest beginning that fits, and never ends inside a character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat(40), (text, bytesMax) => {
      const preview = previewOf(text, bytesMax);
      expect(text.startsWith(preview)).toBe(true);
      expect(Buffer.byteLength(preview)).toBeLessThanOrEqual(bytesMax);
      const [next = ""] = text.slice(preview.length);
      if (preview !== text) expect(Buffer.byteLength(preview + next)).toBeGreaterThan(bytesMax);
    }),
  );
});

test("a value in a blob is shown by its own preview", () => {
  expect(valuePreview({ inline: "whole" }, 3)).toBe("who");
  expect(valuePreview({ ref: "r", bytes: 9, sha256: "0".repeat(64), preview: "begin" }, 3)).toBe("beg");
});
