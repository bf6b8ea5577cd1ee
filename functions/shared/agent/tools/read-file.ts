import { z } from "zod";
import { LIMITS } from "../../contracts/limits.ts";
import { previewOf } from "../../contracts/value.ts";
import { defineTool, ToolRefusal } from "../tool.ts";
import { workspacePath } from "../workspace-path.ts";

/** Room for the line that says what is shown. */
const HEADER_BYTES = 2 * 1024;

export const readFile = defineTool({
  name: "read_file",
  description:
    "Reads a file of the shared workspace. The first line tells its version and which part is shown; the text follows. Long files are read in parts, by offset.",
  input: z.strictObject({
    path: z.string().describe('Such as "src/main.ts".'),
    offset: z.int().nonnegative().default(0).describe("Where to begin, in characters from 0."),
  }),
  effect: "readOnly",
  run: async ({ path: raw, offset }, { workspace }) => {
    const path = workspacePath(raw);
    const file = await workspace.find(path);
    if (file === undefined)
      throw new ToolRefusal("FILE_NOT_FOUND", `there is no ${path}; list_files shows what there is`);
    const text = await workspace.text(file);
    const part = previewOf(text.slice(offset), LIMITS.toolResultBytesMax - HEADER_BYTES);
    const end = offset + part.length;
    const rest = end < text.length ? `; go on with offset ${end}` : "";
    const shown =
      offset === 0 && rest === "" ? "whole" : `characters ${offset} to ${end} of ${text.length}${rest}`;
    return `[${path}, version ${file.version}, ${file.blob.bytes} bytes, by ${file.by}, ${shown}]\n${part}`;
  },
});
