import { ExecutionStatus } from "../../../functions/shared/contracts/execution-state.ts";
import { nearestName } from "../../../functions/shared/kernel/nearest-name.ts";
import { defineCommand } from "../command.ts";
import { numberOf } from "../command-line.ts";
import { UsageError } from "../errors.ts";
import { withApi } from "../open-api.ts";
import { ageText } from "../view/format.ts";
import { columnsOf, paintFor } from "../view/paint.ts";
import { oneLine } from "../view/safe-text.ts";
import { statusColour } from "../view/status.ts";
import { tableLines } from "../view/table.ts";
import { writeJson, writeLines } from "../write.ts";

const LIMIT_DEFAULT = 20;
/** A page of the API. */
const LIMIT_MAX = 100;

export const ls = defineCommand({
  name: "ls",
  summary: "List executions, newest first",
  positionals: [],
  flags: {
    status: {
      type: "string",
      value: "STATUS",
      help: "only RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED",
    },
    limit: {
      type: "string",
      value: "N",
      help: `at most so many, up to ${LIMIT_MAX} (default ${LIMIT_DEFAULT})`,
    },
  },
  examples: [
    { line: "ls", what: "the newest" },
    { line: "ls --status running", what: "what is under way" },
    { line: "ls --json --limit 100", what: "for a program" },
  ],
  run: async (values, _positionals, context) => {
    const status = values.status === undefined ? undefined : statusOf(values.status);
    const limit = numberOf("--limit", values.limit) ?? LIMIT_DEFAULT;
    return withApi(values, context, async ({ api }) => {
      const list = await api.executions({ limit, ...(status && { status }) });
      if (values.json === true) {
        writeJson(context.stdout, list);
        return 0;
      }
      const { stdout } = context;
      const paint = paintFor(stdout);
      const now = Date.now();
      const rows = list.executions.map((execution) => [
        execution.executionId,
        { text: execution.status, colour: statusColour(execution.status, paint) },
        execution.agent,
        { text: ageText(now - Date.parse(execution.createdAt)) },
        oneLine(execution.input),
      ]);
      if (rows.length > 0)
        writeLines(stdout, tableLines(COLUMNS, rows, { columns: columnsOf(stdout), paint }));
      else
        context.stderr.write(status === undefined ? "no executions yet\n" : `no executions are ${status}\n`);
      if (list.next !== undefined) context.stderr.write(`there are older ones: ${howToSeeMore(limit)}\n`);
      return 0;
    });
  },
});

const howToSeeMore = (limit: number): string =>
  limit < LIMIT_MAX ? "--limit shows more" : "the API gives them page by page (docs/api.md)";

const COLUMNS = [
  { title: "id" },
  { title: "status" },
  { title: "agent" },
  { title: "started", align: "right" },
  { title: "input", flexible: true },
] as const;

const statusOf = (text: string): ExecutionStatus => {
  const parsed = ExecutionStatus.safeParse(text.toUpperCase());
  if (parsed.success) return parsed.data;
  const near = nearestName(text.toUpperCase(), ExecutionStatus.options);
  throw new UsageError(
    `there is no status "${text.slice(0, 80)}"${near === undefined ? "" : `; did you mean ${near}?`}`,
  );
};
