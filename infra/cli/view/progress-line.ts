import { stripVTControlCharacters } from "node:util";
import type { ToolCallNews } from "../tool-call-watch.ts";
import { durationText } from "./format.ts";
import { clip, type Paint } from "./paint.ts";
import { packed, toolCallText } from "./tool-call-text.ts";

const TIME_WIDTH = 7;
const NAME_WIDTH = 11;

/** `<time since the start> <task or execution> <what>`, the same for every line of progress. */
export const progressLine = (sinceStartMs: number, who: string, what: string): string =>
  `${durationText(sinceStartMs).padStart(TIME_WIDTH)}  ${who.padEnd(NAME_WIDTH)} ${what}`;

/** A turn's tool calls, in as many lines as they need; no line is wider than `columns`. */
export const toolCallLines = (
  { turn, calls }: ToolCallNews,
  { sinceStartMs, who, columns, paint }: { sinceStartMs: number; who: string; columns: number; paint: Paint },
): string[] => {
  const lead = progressLine(sinceStartMs, who, `turn ${turn}  `);
  const indent = " ".repeat(stripVTControlCharacters(lead).length);
  return packed(
    calls.map((call) => toolCallText(call, paint)),
    columns - indent.length,
  ).map((line, i) => clip(`${i === 0 ? lead : indent}${line}`, columns));
};
