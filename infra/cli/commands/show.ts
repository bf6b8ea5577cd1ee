import type { ExecutionView, TaskDetail } from "../../../functions/shared/contracts/api.ts";
import type { ApiClient } from "../api-client.ts";
import { defineCommand } from "../command.ts";
import { numberOf } from "../command-line.ts";
import type { Output } from "../context.ts";
import { ApiError, UsageError } from "../errors.ts";
import { findExecution } from "../find-execution.ts";
import { withApi } from "../open-api.ts";
import { executionLines } from "../view/execution-lines.ts";
import { bytesText } from "../view/format.ts";
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
  run: async (values, [word, task], context) => {
    const number = numberOf("TASK", task);
    if (number !== undefined && number < 1) throw new UsageError("tasks are numbered from 1");
    return withApi(values, context, async ({ api }) => {
      const { stdout, stderr } = context;
      const look = { columns: columnsOf(stdout), paint: paintFor(stdout), now: Date.now() };
      const id = await findExecution(api, word);
      if (number !== undefined) {
        const detail = await api.task(id, number);
        if (values.json === true) writeJson(stdout, detail);
        else {
          writeLines(stdout, taskLines(detail, look));
          noteCut(detail, stderr);
        }
        return 0;
      }
      const view = await api.execution(id);
      if (values.json === true) writeJson(stdout, view);
      else {
        const entry = await requestOf(api, view);
        writeLines(stdout, executionLines(view, entry.request, look));
        noteCut(entry, stderr);
      }
      return 0;
    });
  },
});

/** The view has only the beginning; the entry task has more, once its record is there. */
const requestOf = async (
  api: ApiClient,
  view: ExecutionView,
): Promise<Pick<TaskDetail, "request" | "requestBytes">> => {
  try {
    const detail = await api.task(view.executionId, ENTRY_TASK);
    if (detail.request !== "") return detail;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
  return { request: view.input };
};

const ENTRY_TASK = 1;

const noteCut = ({ requestBytes }: Pick<TaskDetail, "requestBytes">, stderr: Output): void => {
  if (requestBytes === undefined) return;
  stderr.write(`only the beginning of the request is shown: it has ${bytesText(requestBytes)}\n`);
};
