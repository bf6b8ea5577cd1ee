import { z } from "zod";
import { defineTool, ToolRefusal } from "../tool.ts";
import { versionConflict } from "../workspace.ts";
import { writablePath } from "../workspace-path.ts";

/** Idempotent: repeated by the same call, it finds its own version and changes nothing. */
export const editFile = defineTool({
  name: "edit_file",
  description:
    "Replaces a text in a file of the shared workspace. The old text must occur exactly once, unless all is true. Give the version that you have read, so that you do not edit what another agent has changed since.",
  input: z.strictObject({
    path: z.string().describe('Such as "src/main.ts".'),
    old: z.string().min(1).describe("The text to replace, exactly as it stands in the file."),
    new: z.string().describe("What stands there afterwards; may be empty."),
    all: z.boolean().default(false).describe("Replace every occurrence."),
    version: z
      .int()
      .min(1)
      .optional()
      .describe("The version that you have read; absent for whatever is there."),
  }),
  effect: "idempotent",
  run: async ({ path: raw, old, new: replacement, all, version }, { workspace, callId }) => {
    const path = writablePath(raw);
    const file = await workspace.find(path);
    if (file === undefined)
      throw new ToolRefusal("FILE_NOT_FOUND", `there is no ${path}; write_file creates it`);
    if (file.call === callId) return `edited ${path}, version ${file.version}`;
    if (version !== undefined && version !== file.version) throw versionConflict(path, file);
    const parts = (await workspace.text(file)).split(old);
    const occurrences = parts.length - 1;
    if (occurrences === 0) {
      throw new ToolRefusal(
        "TEXT_NOT_FOUND",
        `version ${file.version} of ${path} does not hold the old text; read it again`,
      );
    }
    if (occurrences > 1 && !all) {
      throw new ToolRefusal(
        "TEXT_NOT_UNIQUE",
        `the old text occurs ${occurrences} times in ${path}; give more of it, or all`,
      );
    }
    const text = parts.join(replacement);
    const written = await workspace.write({ path, text, version: file.version, call: callId });
    return `edited ${path}, version ${written.version}, ${written.blob.bytes} bytes`;
  },
});
