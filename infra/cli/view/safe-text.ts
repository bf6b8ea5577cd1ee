import { stripVTControlCharacters } from "node:util";

/**
 * Texts of models and callers on their way to a terminal. An escape sequence in one of them
 * could move the cursor, retitle the window or paint a false answer over the true one.
 */

/** Everything that moves, hides or reorders what follows it. Tabs and newlines stay. */
const UNSAFE = /(?![\n\t])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu;

/** Text of several lines, as it is but harmless. */
export const printable = (text: string): string =>
  stripVTControlCharacters(text).replaceAll("\r\n", "\n").replaceAll(UNSAFE, "\ufffd");

/** The text as one line, white space collapsed. */
export const oneLine = (text: string): string => printable(text).replaceAll(/\s+/gu, " ").trim();
