import type { FileView } from "../../../functions/shared/contracts/api.ts";
import { defineCommand } from "../command.ts";
import { DEFAULT_DATA, probe, withApi } from "../open-api.ts";
import { runExecution, showOutcome } from "../run-execution.ts";
import { fileLines } from "../view/file-table.ts";
import { writeJson, writeLines } from "../write.ts";

/** What the scripted model server's `standard` script plays, and a real model can do as well. */
const REQUEST = [
  "Write a token-bucket rate limiter in TypeScript, with tests and a README.",
  "Before you finish, hand off in parallel: the planner works out how to bring it into production,",
  "the critic looks for defects and risks. Then act on what both say.",
].join(" ");

export const demo = defineCommand({
  name: "demo",
  summary: "Run a built-in request: Coder asks Planner and Critic, then writes files",
  positionals: [],
  flags: {},
  common: { api: null, key: null },
  examples: [
    { line: "demo", what: "with a key in ANTHROPIC_API_KEY by a real model, otherwise scripted" },
    { line: "demo --data /tmp/trial", what: "keep the execution somewhere else" },
  ],
  run: async (values, _positionals, context) => {
    const json = values.json === true;
    return withApi(
      values,
      context,
      async (opened) => {
        const view = await runExecution(opened, { input: REQUEST }, context);
        if (json) {
          writeJson(context.stdout, view);
          return view.status === "SUCCEEDED" ? 0 : 1;
        }
        const exitCode = showOutcome(view, context, false);
        const { files } = await opened.api.files(view.executionId);
        writeLines(context.stdout, ["", ...fileLines(files, context.stdout)]);
        writeLines(context.stderr, [
          "",
          ...nextSteps(view.executionId, largest(files)?.path, await whereFlag(values.data)),
        ]);
        return exitCode;
      },
      { folder: "create", ownHost: true },
    );
  },
});

/** What is most worth a look. */
const largest = (files: readonly FileView[]): FileView | undefined =>
  files.toSorted((a, b) => b.bytes - a.bytes)[0];

/** Later commands find the default folder by themselves, unless a host listens at the default address. */
const whereFlag = async (data: string | undefined): Promise<string> => {
  if (data !== undefined) return ` --data ${data}`;
  return (await probe()) === undefined ? "" : ` --data ${DEFAULT_DATA}`;
};

const nextSteps = (id: string, path: string | undefined, where: string): string[] => {
  const short = id.slice(-5);
  return [
    "Next:",
    ...(path === undefined ? [] : [`  npm run bulkhead -- files ${short} ${path}${where}`]),
    `  npm run bulkhead -- show ${short}${where}`,
    `  npm run bulkhead -- history ${short}${where}`,
    `  npm run bulkhead -- run "your own request"${where}`,
  ];
};
