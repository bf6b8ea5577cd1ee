import type {
  FirstFile,
  RequestedLimits,
  StartExecutionBody,
} from "../../../functions/shared/contracts/api.ts";
import { defineCommand } from "../command.ts";
import { numberOf } from "../command-line.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { type Example, readExample } from "../example.ts";
import { readFirstFile } from "../first-file.ts";
import { withApi } from "../open-api.ts";
import { runExecution, showOutcome } from "../run-execution.ts";
import { writeJson } from "../write.ts";

export const run = defineCommand({
  name: "run",
  summary: "Run one request and show it until it ends; the answer comes on stdout",
  positionals: ["[TEXT]"],
  flags: {
    file: {
      type: "string",
      value: "PATH",
      multiple: true,
      help: "put this file into the workspace; repeat for more",
    },
    example: { type: "string", value: "NAME", help: "a request of the examples folder, with its files" },
    agent: { type: "string", value: "NAME", help: "which agent starts (default coder)" },
    detach: { type: "boolean", help: "only start it and print its id; needs a host that stays" },
    usd: { type: "string", value: "N", help: "budget in dollars (default 1)" },
    tokens: { type: "string", value: "N", help: "budget in tokens (default 200000)" },
    calls: { type: "string", value: "N", help: "at most so many model calls (default 200)" },
    deadline: { type: "string", value: "SECONDS", help: "at most so long (default 3600)" },
    depth: { type: "string", value: "N", help: "at most so many handoffs below each other (default 5)" },
  },
  examples: [
    { line: 'run "Write a rate limiter in TypeScript, with tests"', what: "coder starts" },
    { line: 'run "What could go wrong here? ..." --agent critic', what: "another agent starts" },
    { line: 'run "..." --usd 0.20 --deadline 300 --json', what: "bounds, and the outcome as JSON" },
    { line: "run - < request.md", what: "the text from standard input" },
    { line: 'run "Review docs/design.md" --file docs/design.md', what: "with a file to work on" },
    { line: "run --example library", what: "one of the examples" },
    { line: 'run "..." --detach --api http://127.0.0.1:4100', what: "start it and go" },
  ],
  run: async (values, [text], context) => {
    const limits: RequestedLimits = {
      ...optional("usd", numberOf("--usd", values.usd, { whole: false })),
      ...optional("tokens", numberOf("--tokens", values.tokens)),
      ...optional("calls", numberOf("--calls", values.calls)),
      ...optional("deadlineSeconds", numberOf("--deadline", values.deadline)),
      ...optional("depth", numberOf("--depth", values.depth)),
    };
    const example = values.example === undefined ? undefined : readExample(values.example);
    const input = await requestOf(text, example, context);
    const files: readonly FirstFile[] = [
      ...(example?.files ?? []),
      ...(values.file ?? []).map(readFirstFile),
    ];
    const bodyFor = ({ scripted }: { readonly scripted: boolean }): StartExecutionBody => ({
      // The scripted model server finds an example's script by its name; a real model needs no such hint.
      input: scripted && example !== undefined ? `${input}\n\n[[${example.name}]]` : input,
      ...(files.length === 0 ? {} : { files: [...files] }),
      ...optional("agent", values.agent),
      ...(Object.keys(limits).length === 0 ? {} : { limits }),
    });

    return withApi(
      values,
      context,
      async (opened) => {
        if (values.detach !== true) {
          return showOutcome(
            await runExecution(opened, bodyFor(opened), context),
            context,
            values.json === true,
          );
        }
        if (opened.dataDir !== undefined) {
          throw new UsageError(
            "--detach needs a host that stays when this command ends",
            "npm run bulkhead -- up    starts one",
          );
        }
        const started = await opened.api.start(bodyFor(opened));
        if (values.json === true) writeJson(context.stdout, started);
        else context.stdout.write(`${started.executionId}\n`);
        return 0;
      },
      { folder: "create" },
    );
  },
});

const optional = <Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): Partial<Record<Name, Value>> =>
  value === undefined ? {} : ({ [name]: value } as Partial<Record<Name, Value>>);

const requestOf = async (
  text: string | undefined,
  example: Example | undefined,
  context: Context,
): Promise<string> => {
  if (example !== undefined && text !== undefined)
    throw new UsageError("--example brings a request of its own; leave TEXT out");
  const request = example?.request ?? (text === "-" ? await readAll(context.stdin) : text);
  if (request === undefined)
    throw new UsageError("run needs TEXT or --example", "npm run bulkhead -- run --help");
  if (request.trim() === "") throw new UsageError("the request is empty");
  return request;
};

const readAll = async (stream: AsyncIterable<Uint8Array | string>): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
};
