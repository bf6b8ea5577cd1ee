import { styleText } from "node:util";
import sliceAnsi from "slice-ansi";
import type { Output } from "../context.ts";

type Style = Extract<Parameters<typeof styleText>[0], string>;

/** Colours a text for one stream: not at all when it is no terminal, or when NO_COLOR is set. */
export type Paint = (style: Style, text: string) => string;

export const paintFor =
  (stream: Output): Paint =>
  (style, text) =>
    styleText(style, text, { stream });

export const plain: Paint = (_style, text) => text;

/** At most so many columns, wide characters counted as two; an ellipsis says that something went. */
export const clip = (text: string, columns: number): string => {
  if (!Number.isFinite(columns) || sliceAnsi(text, columns) === "") return text;
  return columns < 1 ? "" : `${sliceAnsi(text, 0, columns - 1)}…`;
};

/** A stream's width, or endless when it is no terminal: what reads a pipe wants the whole line. */
export const columnsOf = (stream: Output): number =>
  stream.isTTY === true ? (stream.columns ?? 80) : Number.POSITIVE_INFINITY;
