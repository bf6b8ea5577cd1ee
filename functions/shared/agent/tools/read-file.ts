import { z } from "zod";
import { LIMITS } from "../../contracts/limits.ts";
import { lineStarts, type Place, readLines } from "../line-range.ts";
import { defineTool, ToolRefusal } from "../tool.ts";
import { workspacePath } from "../workspace-path.ts";

/** Room for the line that says what is shown. */
const HEADER_BYTES = 2 * 1024;
const LINES_MAX = 2_000;

export const readFile = defineTool({
  name: "read_file",
  description: `Reads a file of the shared workspace, at most ${LINES_MAX} lines and ${(LIMITS.toolResultBytesMax - HEADER_BYTES) / 1024} KiB of it. The first line tells its version, which lines are shown and how to go on; the text follows as it stands. Of a long file read the part that you need: search_files tells the line.`,
  input: z.strictObject({
    path: z.string().describe('Such as "src/main.ts".'),
    offset: z.int().min(1).default(1).describe("The line to begin with, from 1."),
    limit: z.int().min(1).max(LINES_MAX).default(LINES_MAX).describe("How many lines."),
    column: z
      .int()
      .min(1)
      .default(1)
      .describe("The character of that line to begin with, from 1: for a line that is too long to be shown."),
  }),
  effect: "readOnly",
  reaches: ["untrusted", "private"],
  run: async ({ path: raw, ...range }, { workspace }) => {
    const path = workspacePath(raw);
    const file = await workspace.find(path);
    if (file === undefined)
      throw new ToolRefusal("FILE_NOT_FOUND", `there is no ${path}; list_files shows what there is`);
    const text = await workspace.text(file);
    const starts = lineStarts(text);
    checkPlace(path, text, starts, range);
    const { part, last, next } = readLines(text, starts, range, LIMITS.toolResultBytesMax - HEADER_BYTES);
    const isWhole = part.length === text.length;
    const shown = isWhole ? "whole" : `${shownLines(range, last)} of ${starts.length}${goOn(next)}`;
    return `[${path}, version ${file.version}, ${file.blob.bytes} bytes, by ${file.by}, ${shown}]\n${part}`;
  },
});

const checkPlace = (
  path: string,
  text: string,
  starts: readonly number[],
  { offset, column }: Place,
): void => {
  const start = starts[offset - 1];
  if (start === undefined)
    throw new ToolRefusal("OUT_OF_RANGE", `offset: ${path} has ${starts.length} lines`);
  const length = (starts[offset] ?? text.length) - start;
  if (column > Math.max(length, 1))
    throw new ToolRefusal("OUT_OF_RANGE", `column: line ${offset} of ${path} has ${length} characters`);
};

const shownLines = ({ offset, column }: Place, last: number): string => {
  const from = column === 1 ? `${offset}` : `${offset} from character ${column} on`;
  return last === offset ? `line ${from}` : `lines ${from} to ${last}`;
};

const goOn = (next: Place | undefined): string => {
  if (next === undefined) return "";
  const inLine = next.column === 1 ? "" : ` and column ${next.column}`;
  return `; go on with offset ${next.offset}${inLine}`;
};
