import type { EventView } from "../../../functions/shared/contracts/api.ts";
import { defineCommand } from "../command.ts";
import { findExecution } from "../find-execution.ts";
import { followHistory, recordedHistory } from "../follow-execution.ts";
import { withApi } from "../open-api.ts";
import { HistoryLines } from "../view/history-lines.ts";
import { columnsOf, paintFor } from "../view/paint.ts";
import { writeJson, writeLines } from "../write.ts";

export const history = defineCommand({
  name: "history",
  summary: "Show what was recorded of an execution, event by event",
  positionals: ["[ID]"],
  flags: { follow: { type: "boolean", help: "go on until the execution ends" } },
  examples: [
    { line: "history", what: "of the newest execution" },
    { line: "history 7KQ2M --follow", what: "live; the end of an id is enough" },
    { line: "history last --follow --json", what: "one JSON document per line" },
  ],
  run: async (values, [word], context) =>
    withApi(
      values,
      context,
      async ({ api }) => {
        const { stdout } = context;
        const id = await findExecution(api, word);
        const lines = new HistoryLines({ columns: columnsOf(stdout), paint: paintFor(stdout) });
        if (values.follow === true) {
          const show = (event: EventView): string =>
            values.json === true ? JSON.stringify(event) : lines.of(event);
          for await (const event of followHistory(api, id, { after: 0 })) stdout.write(`${show(event)}\n`);
          return 0;
        }
        const recorded = await recordedHistory(api, id);
        if (values.json === true) writeJson(stdout, recorded);
        else
          writeLines(
            stdout,
            recorded.events.map((event) => lines.of(event)),
          );
        return 0;
      },
      { folder: values.follow === true ? "work" : "read" },
    ),
});
