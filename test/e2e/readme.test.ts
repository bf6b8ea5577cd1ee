import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Host } from "../../infra/local/host.ts";
import { McpTestServer } from "../support/mcp-test-server.ts";
import { openHost } from "../support/open-target.ts";
import { RepositoryCopy } from "../support/repository-copy.ts";
import { shownFiles } from "../support/shown-files.ts";
import type { Target } from "../support/target.ts";

/** Embedded host only: the README's code is put into a copy of the repository. */

const TOKEN = "canary-token-of-the-researcher";
const MCP_URL = "https://mcp.example.com/docs";
const IN_README = shownFiles("README.md");
const IN_TOOLS = shownFiles("docs/tools.md");

let copy: RepositoryCopy;
let mcp: McpTestServer;
let host: Host;
let target: Target;

beforeAll(async () => {
  copy = new RepositoryCopy();
  mcp = await McpTestServer.start({ token: TOKEN });
  for (const { path, text } of [...IN_README, ...IN_TOOLS]) copy.write(path, text.replace(MCP_URL, mcp.url));
  ({ target, host } = await openHost({
    root: copy.root,
    env: { BULKHEAD_RESEARCHER_MCP_DOCS_TOKEN: TOKEN },
  }));
});
afterAll(async () => {
  await host?.stop();
  await mcp?.stop();
  copy?.remove();
});

describe("the agent, the tool and the MCP server of the README", () => {
  test("are four files and less than forty lines", () => {
    const files = IN_README;
    expect(files.map(({ path }) => path)).toEqual([
      "functions/shared/agent/tools/cite.ts",
      "functions/agents/researcher/agent.ts",
      "functions/agents/researcher/handler.ts",
      "functions/agents/researcher/prompt.md",
    ]);
    const lines = files.flatMap(({ text }) => text.split("\n")).filter((line) => line.trim() !== "");
    expect(lines.length).toBeLessThan(40);
    expect(files[1]?.text).toContain(MCP_URL);
  });

  test("compile as this repository compiles, and so does the tool of docs/tools.md", {
    timeout: 60_000,
  }, () => {
    expect(IN_TOOLS.map(({ path }) => path)).toEqual(["functions/shared/agent/tools/word-count.ts"]);
    symlinkSync(resolve("tsconfig.json"), join(copy.root, "tsconfig.json"));
    const paths = [...IN_README, ...IN_TOOLS].map(({ path }) => path).filter((path) => path.endsWith(".ts"));
    copy.write(
      "tsconfig.readme.json",
      JSON.stringify({ extends: "./tsconfig.json", include: [], files: paths }),
    );
    execFileSync(resolve("node_modules/.bin/tsc"), ["-p", "tsconfig.readme.json"], { cwd: copy.root });
  });

  test("work: coder hands off, the researcher searches, cites, and answers", async () => {
    const view = await target.run("[[research]] Find out what is known");
    expect(view.status).toBe("SUCCEEDED");
    expect(view.tasks.map(({ agent }) => agent)).toEqual(["coder", "researcher"]);
    expect(view.output).toContain("<untrusted source=\"MCP server 'docs'\">");
    expect(view.output).toContain("found bulkheads");
    expect(await target.file(view.executionId, "SOURCES.md")).toBe(
      "- [Bulkheads](https://docs.example.com/bulkheads)\n- [Ships](https://docs.example.com/ships)\n",
    );
    expect(mcp.seen.every(({ authorization }) => authorization === `Bearer ${TOKEN}`)).toBe(true);
    expect(JSON.stringify([view, await target.task(view.executionId, 2)])).not.toContain(TOKEN);
  });

  test("are the researcher's alone: coder is not shown them", async () => {
    const { agents } = (await (await target.fetch("/agents")).json()) as {
      agents: { name: string; tools: string[]; handoffs: string[] }[];
    };
    const toolsOf = (name: string) => agents.find((agent) => agent.name === name)?.tools ?? [];
    expect(toolsOf("researcher")).toEqual(["cite", "docs__*"]);
    expect(toolsOf("coder")).not.toContain("cite");
    expect(agents.find(({ name }) => name === "coder")?.handoffs).toContain("researcher");
  });
});
