import { describe, expect, test } from "vitest";
import { z } from "zod";
import { coder } from "../../../../functions/agents/coder/agent.ts";
import { critic } from "../../../../functions/agents/critic/agent.ts";
import { planner } from "../../../../functions/agents/planner/agent.ts";
import { handoff } from "../../../../functions/shared/agent/handoff-tool.ts";
import { mcpServer } from "../../../../functions/shared/agent/mcp-server.ts";
import { breachOfRuleOfTwo } from "../../../../functions/shared/agent/rule-of-two.ts";
import { defineTool, type Reach, type Tool } from "../../../../functions/shared/agent/tool.ts";
import { readFile } from "../../../../functions/shared/agent/tools/read-file.ts";
import { runCode } from "../../../../functions/shared/agent/tools/run-code.ts";
import { searchFiles } from "../../../../functions/shared/agent/tools/search-files.ts";
import { webFetch } from "../../../../functions/shared/agent/tools/web-fetch.ts";
import { writeFile } from "../../../../functions/shared/agent/tools/write-file.ts";
import { withApproval } from "../../../../functions/shared/agent/with-approval.ts";

const input = z.strictObject({});
const run = async () => "done";
const sendMail = defineTool({ name: "send_mail", description: "Sends.", input, run, effect: "external" });
const reads = (name: string, reaches: readonly Reach[]) =>
  defineTool({ name, description: "Reads.", input, run, effect: "readOnly", reaches });
const orders = reads("list_orders", ["private"]);
const web = webFetch({ domains: ["docs.example.com"] });
const server = (more: Partial<Parameters<typeof mcpServer>[0]> = {}) =>
  mcpServer({ name: "docs", url: "https://docs.example.com/mcp", ...more });

type Parts = Partial<Parameters<typeof breachOfRuleOfTwo>[0]>;
const breach = ({ tools = [], mcp = [] }: Parts) => breachOfRuleOfTwo({ tools, mcp });

test.each([coder, planner, critic])("the standard team keeps the rule: $name", (agent) => {
  expect(breachOfRuleOfTwo(agent)).toBeUndefined();
});

test("a page, what a credential opens and a mail are told by name, with what to do", () => {
  expect(breach({ tools: [web, sendMail], mcp: [server({ auth: "bearer", tools: ["search"] })] })).toBe(
    "rule of two: it reads what strangers may have written (web_fetch, docs__*), knows what is private (docs__*) and can act outward by itself (web_fetch, send_mail); split the agent, or let a person approve web_fetch, send_mail (docs/tools.md)",
  );
});

describe("two of the three are no breach:", () => {
  test.each<[string, Parts]>([
    ["the workspace and the sandbox", { tools: [readFile, writeFile, searchFiles, runCode, handoff] }],
    ["the web and mail", { tools: [web, sendMail] }],
    ["what is private and mail", { tools: [orders, sendMail] }],
    ["a server that wants no credential", { mcp: [server()] }],
    ["a server of which the tools are chosen", { mcp: [server({ auth: "bearer", tools: ["search"] })] }],
    ["writing without reading", { tools: [writeFile, web, sendMail] }],
  ])("%s", (_, parts) => expect(breach(parts)).toBeUndefined());
});

describe("all three are one, whoever brings which:", () => {
  test.each<[string, Parts, string]>([
    ["files and a page", { tools: [readFile, web] }, "approve web_fetch"],
    ["matches in files and mail", { tools: [searchFiles, sendMail] }, "approve send_mail"],
    ["a program's output and mail", { tools: [runCode, sendMail] }, "approve send_mail"],
    ["other agents' words", { tools: [handoff, orders, sendMail] }, "written (handoff)"],
    ["files and a server's question", { tools: [readFile], mcp: [server()] }, "approve docs__*"],
    ["all tools that a server has", { mcp: [server({ auth: "bearer" })] }, "private (docs__*)"],
    [
      "one server's data, another's ear",
      { mcp: [server({ auth: "bearer", tools: ["search"] }), server({ name: "wiki", tools: ["search"] })] },
      "private (docs__*) and can act outward by itself (wiki__*)",
    ],
    [
      "one tool of one's own",
      { tools: [reads("read_and_post", ["untrusted", "private", "outward"])] },
      "approve read_and_post",
    ],
  ])("%s", (_, parts, told) => expect(breach(parts)).toContain(told));
});

describe("what a person approves is no act of the agent's:", () => {
  const asking = (requiresApproval: true | (() => boolean)): Tool =>
    defineTool({ name: "pay", description: "Pays.", input, run, effect: "external", requiresApproval });

  test.each<[string, Parts]>([
    ["a tool of its own", { tools: [readFile, asking(true)] }],
    ["somebody else's tool", { tools: [readFile, withApproval(sendMail), withApproval(web)] }],
    ["a server", { tools: [readFile], mcp: [server({ requiresApproval: true })] }],
    [
      "all that may be called of a server",
      { tools: [readFile], mcp: [server({ tools: ["search"], requiresApproval: ["search", "post"] })] },
    ],
  ])("%s", (_, parts) => expect(breach(parts)).toBeUndefined());

  test.each<[string, Parts]>([
    ["calls that a predicate lets through", { tools: [readFile, asking(() => true)] }],
    ["calls for which `when` may not hold", { tools: [readFile, withApproval(sendMail, () => true)] }],
    [
      "a server's word of what destroys",
      { tools: [readFile], mcp: [server({ requiresApproval: "destructive" })] },
    ],
    ["some of a server's tools", { tools: [readFile], mcp: [server({ requiresApproval: ["post"] })] }],
    ["an approved read", { tools: [withApproval(readFile), sendMail] }],
  ])("but not %s", (_, parts) => expect(breach(parts)).toBeDefined());
});

test("what a tool declares of itself is the whole truth, also of an external one", () => {
  const counts = defineTool({
    name: "count",
    description: "Counts.",
    input,
    run,
    effect: "external",
    reaches: [],
  });
  expect(breach({ tools: [readFile, counts] })).toBeUndefined();
});
