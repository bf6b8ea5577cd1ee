import { stripVTControlCharacters } from "node:util";
import type { ToolCallView } from "../../../functions/shared/contracts/api.ts";
import { clip, type Paint } from "./paint.ts";
import { oneLine } from "./safe-text.ts";

const ARGUMENT_COLUMNS = 60;
const ERROR_COLUMNS = 80;

/** A tool call in a few words: the tool, what it was called with, and whether it failed. */
export const toolCallText = (call: ToolCallView, paint: Paint): string => {
  const words = [call.tool, argumentOf(call.input)].filter((word) => word !== "").map(oneLine);
  const [tool = "", argument] = words;
  const text = argument === undefined ? tool : `${tool} ${clip(argument, ARGUMENT_COLUMNS)}`;
  const trouble = troubleOf(call);
  return trouble === undefined ? text : `${text} ${paint("red", `(${trouble})`)}`;
};

const troubleOf = ({ status, isError, result = "" }: ToolCallView): string | undefined => {
  if (status === "unknown") return "outcome unknown";
  return isError === true ? clip(`error: ${oneLine(result)}`, ERROR_COLUMNS) : undefined;
};

/** The path if there is one, else the first text. The API cuts a long input, so that it may not be JSON any more. */
const argumentOf = (input: string): string => {
  const [, path] = /"path"\s*:\s*"((?:[^"\\]|\\.)*)/.exec(input) ?? [];
  const [, first] = /^\{\s*"[^"\\]*"\s*:\s*"((?:[^"\\]|\\.)*)/.exec(input) ?? [];
  return unescaped(path ?? first ?? "");
};

const unescaped = (text: string): string => {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
};

/** Texts one after the other, as many in a line as `columns` allow; a longer one has a line for itself. */
export const packed = (texts: readonly string[], columns: number): string[] => {
  const lines: string[] = [];
  for (const [i, text] of texts.entries()) {
    const piece = i === texts.length - 1 ? text : `${text},`;
    const last = lines.at(-1);
    const joined = last === undefined ? piece : `${last} ${piece}`;
    if (last !== undefined && stripVTControlCharacters(joined).length > columns) lines.push(piece);
    else lines.splice(-1, 1, joined);
  }
  return lines;
};
