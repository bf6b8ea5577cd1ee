import { z } from "zod";
import { defineTool } from "../tool.ts";
import { writablePath } from "../workspace-path.ts";

/** Idempotent: repeated by the same call, it finds its own version and changes nothing. */
export const writeFile = defineTool({
  name: "write_file",
  description:
    "Writes a whole file of the shared workspace, new or in place of the old one. Give the version that you have read, so that you do not overwrite what another agent has written since.",
  input: z.strictObject({
    path: z.string().describe('Such as "src/main.ts".'),
    content: z.string().describe("The whole text of the file."),
    version: z
      .int()
      .nonnegative()
      .optional()
      .describe(
        "The version that this replaces; 0 when the file must not exist yet; absent for whatever is there.",
      ),
  }),
  effect: "idempotent",
  run: async ({ path, content, version }, { workspace, callId }) => {
    const file = await workspace.write({ path: writablePath(path), text: content, version, call: callId });
    return `wrote ${file.path}, version ${file.version}, ${file.blob.bytes} bytes`;
  },
});
