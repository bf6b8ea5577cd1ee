import { z } from "zod";
import type { FileRecord } from "../../contracts/task-record.ts";
import { previewOf } from "../../contracts/value.ts";
import { defineTool } from "../tool.ts";
import type { Workspace } from "../workspace.ts";
import { RESULTS_FOLDER, workspacePath } from "../workspace-path.ts";

const MATCHES_MAX = 100;
const LINE_BYTES = 200;
/** Of a longer line, what is shown before the match. */
const LEAD_CHARACTERS = 60;
/** Fetched at the same time; bounds what a search holds in memory. */
const FILES_AT_ONCE = 8;
const BYTES_AT_ONCE = 8 * 1024 * 1024;

export const searchFiles = defineTool({
  name: "search_files",
  description: `Finds a text in the files of the shared workspace, upper and lower case alike. Not a pattern: the text is taken as it is. Shows path, line number and line, at most ${MATCHES_MAX}; read_file reads on from that line. ${RESULTS_FOLDER}/ is searched only when folder names it.`,
  input: z.strictObject({
    text: z.string().min(1).max(1000).describe("What to find, within one line."),
    folder: z.string().optional().describe('Only files below this folder, such as "src", or this one file.'),
  }),
  effect: "readOnly",
  reaches: ["untrusted", "private"],
  run: async ({ text, folder }, { workspace, signal }) => {
    const files = await filesIn(workspace, folder === undefined ? undefined : workspacePath(folder));
    const matches: string[] = [];
    for (const batch of batchesOf(files)) {
      signal.throwIfAborted();
      const found = await Promise.all(batch.map((file) => matchesIn(workspace, file, text.toLowerCase())));
      matches.push(...found.flat());
      if (matches.length > MATCHES_MAX) break;
    }
    if (matches.length === 0) return `no match in ${files.length} files`;
    const more =
      matches.length > MATCHES_MAX ? ["[more matches than shown; search for more of the text]"] : [];
    return [...matches.slice(0, MATCHES_MAX), ...more].join("\n");
  },
});

const filesIn = async (workspace: Workspace, folder: string | undefined): Promise<readonly FileRecord[]> => {
  const files = await workspace.list(folder);
  if (folder === undefined) return files.filter(({ path }) => !path.startsWith(`${RESULTS_FOLDER}/`));
  const file = files.length === 0 ? await workspace.find(folder) : undefined;
  return file === undefined ? files : [file];
};

const batchesOf = (files: readonly FileRecord[]): readonly (readonly FileRecord[])[] => {
  const batches: FileRecord[][] = [];
  let room = 0;
  for (const file of files) {
    room -= file.blob.bytes;
    const batch = batches.at(-1);
    if (batch !== undefined && room >= 0 && batch.length < FILES_AT_ONCE) batch.push(file);
    else {
      batches.push([file]);
      room = BYTES_AT_ONCE - file.blob.bytes;
    }
  }
  return batches;
};

const matchesIn = async (workspace: Workspace, file: FileRecord, text: string): Promise<string[]> => {
  const matches: string[] = [];
  const lines = (await workspace.text(file)).split("\n");
  for (const [index, line] of lines.entries()) {
    const at = line.toLowerCase().indexOf(text);
    if (at === -1) continue;
    matches.push(`${file.path}:${index + 1}: ${shown(line, at)}`);
    if (matches.length > MATCHES_MAX) break;
  }
  return matches;
};

/** The line, or of a long one the part around the match, with the column that `read_file` takes. */
const shown = (line: string, at: number): string => {
  if (Buffer.byteLength(line.trim()) <= LINE_BYTES || at <= LEAD_CHARACTERS) {
    return previewOf(line.trim(), LINE_BYTES);
  }
  const from = at - LEAD_CHARACTERS;
  return `[column ${from + 1}] ${previewOf(line.slice(from).toWellFormed(), LINE_BYTES)}`;
};
