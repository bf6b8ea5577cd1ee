import { defineCommand } from "../command.ts";
import { numberOf } from "../command-line.ts";
import { UsageError } from "../errors.ts";
import { findExecution } from "../find-execution.ts";
import { withApi } from "../open-api.ts";
import { executionLines } from "../view/execution-lines.ts";
import { columnsOf, paintFor } from "../view/paint.ts";
import { taskLines } from "../view/task-lines.ts";
import { writeJson, writeLines } from "../write.ts";

export const show = defineCommand({
  name: "show",
  summary: "Show an execution: its tasks, turns, usage, cost and outcome",
  positionals: ["[ID]", "[TASK]"],
  flags: {},
  examples: [
    { line: "show", what: "the newest execution" },
    { line: "show 7KQ2M", what: "another one; the end of its id is enough" },
    { line: "show last 2", what: "its second task: turns and tool calls" },
  ],
  run: async (values, [word, task], context) =>
    withApi(values, context, async ({ api }) => {
      const { stdout } = context;
      const look = { columns: columnsOf(stdout), paint: paintFor(stdout), now: Date.now() };
      const number = numberOf("task", task);
      if (number !== undefined && number < 1) throw new UsageError("tasks are numbered from 1");
      const id = await findExecution(api, word);
      if (number !== undefined) {
        const detail = await api.task(id, number);
        if (values.json === true) writeJson(stdout, detail);
        else writeLines(stdout, taskLines(detail, look));
        return 0;
      }
      const view = await api.execution(id);
      if (values.json === true) writeJson(stdout, view);
      else writeLines(stdout, executionLines(view, look));
      return 0;
    }),
});
