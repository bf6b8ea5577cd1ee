import { defineCommand } from "../command.ts";
import { findExecution } from "../find-execution.ts";
import { withApi } from "../open-api.ts";
import { writeJson } from "../write.ts";

/** How long to wait for what a stop leads to; a model call is cut off within a heartbeat. */
const END_WAIT_SECONDS = 25;

export const stop = defineCommand({
  name: "stop",
  summary: "Stop an execution: its agents may ask the model no more",
  positionals: ["ID"],
  flags: {},
  examples: [
    { line: "stop 7KQ2M", what: "the end of its id is enough" },
    { line: "stop last", what: "the newest" },
  ],
  run: async (values, [word], context) =>
    withApi(
      values,
      context,
      async ({ api }) => {
        const id = await findExecution(api, word);
        await api.stop(id);
        let view = await api.execution(id);
        const until = Date.now() + END_WAIT_SECONDS * 1000;
        while (view.status === "RUNNING" && Date.now() < until) {
          view = await api.execution(id, { waitSeconds: 1 });
        }
        if (values.json === true) writeJson(context.stdout, { executionId: id, status: view.status });
        else if (view.status === "RUNNING") context.stdout.write(`${id} is told to stop\n`);
        else context.stdout.write(`${id} ${view.status}\n`);
        return 0;
      },
      { folder: "work" },
    ),
});
