import type { Output } from "./context.ts";
import { wrapProse } from "./view/prose.ts";
import { printable } from "./view/safe-text.ts";

/** One JSON document, for programs. */
export const writeJson = (stream: Output, value: unknown): void => {
  stream.write(`${JSON.stringify(value, null, 2)}\n`);
};

export const writeLines = (stream: Output, lines: readonly string[]): void => {
  if (lines.length > 0) stream.write(`${lines.join("\n")}\n`);
};

/** A model's answer for this stream: made harmless and wrapped for a terminal, byte for byte for a pipe or a file. */
export const proseFor = (stream: Output, text: string): string =>
  stream.isTTY === true ? wrapProse(printable(text), stream.columns ?? 80) : text;

/** A file for this stream: lines as they are. */
export const contentFor = (stream: Output, text: string): string =>
  stream.isTTY === true ? printable(text) : text;
