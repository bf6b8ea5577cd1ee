import type { RequestedLimits, StartExecutionBody } from "../../../functions/shared/contracts/api.ts";
import { defineCommand } from "../command.ts";
import { numberOf } from "../command-line.ts";
import { UsageError } from "../errors.ts";
import { withApi } from "../open-api.ts";
import { runExecution, showOutcome } from "../run-execution.ts";
import { writeJson } from "../write.ts";

export const run = defineCommand({
  name: "run",
  summary: "Run one request and show it until it ends; the answer comes on stdout",
  positionals: ["TEXT"],
  flags: {
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
    { line: 'run "..." --detach --api http://127.0.0.1:4100', what: "start it and go" },
  ],
  run: async (values, [text = ""], context) => {
    const limits: RequestedLimits = {
      ...optional("usd", numberOf("usd", values.usd, { whole: false })),
      ...optional("tokens", numberOf("tokens", values.tokens)),
      ...optional("calls", numberOf("calls", values.calls)),
      ...optional("deadlineSeconds", numberOf("deadline", values.deadline)),
      ...optional("depth", numberOf("depth", values.depth)),
    };
    const body: StartExecutionBody = {
      input: text === "-" ? await readAll(context.stdin) : text,
      ...optional("agent", values.agent),
      ...(Object.keys(limits).length === 0 ? {} : { limits }),
    };
    if (body.input.trim() === "") throw new UsageError("the request is empty");

    return withApi(
      values,
      context,
      async (opened) => {
        if (values.detach !== true) {
          return showOutcome(await runExecution(opened, body, context), context, values.json === true);
        }
        if (opened.dataDir !== undefined) {
          throw new UsageError(
            "--detach needs a host that stays when this command ends",
            "npm run bulkhead -- up    starts one",
          );
        }
        const started = await opened.api.start(body);
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

const readAll = async (stream: AsyncIterable<Uint8Array | string>): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
};
