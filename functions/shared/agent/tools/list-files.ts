import { z } from "zod";
import { defineTool } from "../tool.ts";
import { workspacePath } from "../workspace-path.ts";

export const listFiles = defineTool({
  name: "list_files",
  description:
    "Lists the files of the shared workspace, one a line: path, version, bytes, and who wrote it last.",
  input: z.strictObject({
    folder: z.string().optional().describe('Only files below this folder, such as "src"; all when absent.'),
  }),
  effect: "readOnly",
  run: async ({ folder }, { workspace }) => {
    const files = await workspace.list(folder === undefined ? undefined : workspacePath(folder));
    if (files.length === 0) return "no files";
    return files
      .map(({ path, version, blob, by }) => `${path} (version ${version}, ${blob.bytes} bytes, by ${by})`)
      .join("\n");
  },
});
