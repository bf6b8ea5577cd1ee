import { defineCommand } from "../command.ts";
import { CliError } from "../errors.ts";
import { findExecution } from "../find-execution.ts";
import { withApi } from "../open-api.ts";
import { fileLines } from "../view/file-table.ts";
import { bytesText } from "../view/format.ts";
import { contentFor, writeJson, writeLines } from "../write.ts";

export const files = defineCommand({
  name: "files",
  summary: "List what an execution's agents wrote, or print one file",
  positionals: ["[ID]", "[PATH]"],
  flags: {},
  examples: [
    { line: "files", what: "of the newest execution" },
    { line: "files last src/limiter.ts", what: "one file on stdout" },
    { line: "files 7KQ2M src/limiter.ts > limiter.ts", what: "the end of an id is enough" },
  ],
  run: async (values, [word, path], context) =>
    withApi(values, context, async ({ api }) => {
      const { stdout } = context;
      const id = await findExecution(api, word);
      if (path === undefined) {
        const list = await api.files(id);
        if (values.json === true) writeJson(stdout, list);
        else if (list.files.length > 0) writeLines(stdout, fileLines(list.files, stdout));
        else context.stderr.write("no files\n");
        return 0;
      }
      const file = await api.file(id, path);
      if (values.json === true) writeJson(stdout, file);
      else stdout.write(contentFor(stdout, file.content));
      if (file.truncated !== true) return 0;
      // Whoever redirects this into a file must not take it for the whole.
      throw new CliError(
        `only the beginning of ${path} fits an answer of the API: it has ${bytesText(file.bytes)}`,
      );
    }),
});
