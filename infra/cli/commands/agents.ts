import type { AgentView } from "../../../functions/shared/contracts/api.ts";
import { defineCommand } from "../command.ts";
import type { Output } from "../context.ts";
import { withApi } from "../open-api.ts";
import { columnsOf, paintFor } from "../view/paint.ts";
import { wrapProse } from "../view/prose.ts";
import { writeJson, writeLines } from "../write.ts";

export const agents = defineCommand({
  name: "agents",
  summary: "List the agents: role, model, tools, and whom each may hand off to",
  positionals: [],
  flags: {},
  examples: [
    { line: "agents", what: "all of them" },
    { line: "agents --json", what: "for a program" },
  ],
  run: async (values, _positionals, context) =>
    withApi(
      values,
      context,
      async ({ api }) => {
        const list = await api.agents();
        if (values.json === true) writeJson(context.stdout, list);
        else
          writeLines(
            context.stdout,
            list.agents.flatMap((agent) => agentLines(agent, context.stdout)),
          );
        return 0;
      },
      { folder: "none" },
    ),
});

const agentLines = (agent: AgentView, stream: Output): string[] => {
  const paint = paintFor(stream);
  const columns = columnsOf(stream);
  const priced = agent.priced ? "" : ", price unknown: no dollar budget can be kept";
  return [
    paint("bold", agent.name),
    ...[
      ["role", agent.role],
      ["model", `${agent.provider} ${agent.model}${priced}`],
      ["tools", agent.tools.join(", ")],
      ["handoffs", agent.handoffs.join(", ") || "none"],
    ].flatMap(([title = "", text = ""]) =>
      wrapProse(text, columns - INDENT.length)
        .split("\n")
        .map((line, i) => `${i === 0 ? `  ${paint("dim", title.padEnd(8))}  ` : INDENT}${line}`),
    ),
  ];
};

/** Below the texts, beside their titles. */
const INDENT = " ".repeat(12);
