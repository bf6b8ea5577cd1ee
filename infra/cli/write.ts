import type { Output } from "./context.ts";
import { printable } from "./view/safe-text.ts";

/** One JSON document, for programs. */
export const writeJson = (stream: Output, value: unknown): void => {
  stream.write(`${JSON.stringify(value, null, 2)}\n`);
};

export const writeLines = (stream: Output, lines: readonly string[]): void => {
  if (lines.length > 0) stream.write(`${lines.join("\n")}\n`);
};

/** A model's text for this stream: made harmless for a terminal, byte for byte for a pipe or a file. */
export const textFor = (stream: Output, text: string): string =>
  stream.isTTY === true ? printable(text) : text;
