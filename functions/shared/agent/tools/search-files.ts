import { z } from "zod";
import type { FileRecord } from "../../contracts/task-record.ts";
import { previewOf } from "../../contracts/value.ts";
import { defineTool } from "../tool.ts";
import type { Workspace } from "../workspace.ts";
import { workspacePath } from "../workspace-path.ts";

const MATCHES_MAX = 100;
const LINE_BYTES = 200;
/** Fetched at the same time; bounds what a search holds in memory. */
const FILES_AT_ONCE = 8;

export const searchFiles = defineTool({
  name: "search_files",
  description: `Finds a text in the files of the shared workspace, upper and lower case alike. Not a pattern: the text is taken as it is. Shows path, line number and line, at most ${MATCHES_MAX}.`,
  input: z.strictObject({
    text: z.string().min(1).max(1000).describe("What to find, within one line."),
    folder: z.string().optional().describe('Only files below this folder, such as "src".'),
  }),
  effect: "readOnly",
  run: async ({ text, folder }, { workspace, signal }) => {
    const files = await workspace.list(folder === undefined ? undefined : workspacePath(folder));
    const matches: string[] = [];
    for (let from = 0; from < files.length && matches.length <= MATCHES_MAX; from += FILES_AT_ONCE) {
      signal.throwIfAborted();
      const found = await Promise.all(
        files.slice(from, from + FILES_AT_ONCE).map((file) => matchesIn(workspace, file, text.toLowerCase())),
      );
      matches.push(...found.flat());
    }
    if (matches.length === 0) return `no match in ${files.length} files`;
    const more =
      matches.length > MATCHES_MAX ? ["[more matches than shown; search for more of the text]"] : [];
    return [...matches.slice(0, MATCHES_MAX), ...more].join("\n");
  },
});

const matchesIn = async (workspace: Workspace, file: FileRecord, text: string): Promise<string[]> =>
  (await workspace.text(file))
    .split("\n")
    .flatMap((line, index) =>
      line.toLowerCase().includes(text)
        ? [`${file.path}:${index + 1}: ${previewOf(line.trim(), LINE_BYTES)}`]
        : [],
    )
    .slice(0, MATCHES_MAX + 1);
