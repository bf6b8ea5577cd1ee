import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defineScript } from "../../infra/local/model-server/script.ts";
import { createModelServer, type ModelServer } from "../../infra/local/model-server/server.ts";
import { McpTestServer } from "../support/mcp-test-server.ts";
import { isDeployed, openHost } from "../support/open-target.ts";

/** Unlike anything else, so that only knowing it can keep it out of a text. */
const TOKEN = "canary-4c1d8e6a2f90";
const shared = resolve("functions/shared");

/** A folder of one agent that has nothing but an MCP server and the web. */
const agentsWith = (url: string): string => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-mcp-"));
  mkdirSync(join(folder, "researcher"));
  const write = (file: string, text: string) => writeFileSync(join(folder, "researcher", file), text);
  write("prompt.md", "You find out what is known.");
  write(
    "agent.ts",
    `import { defineAgent } from "${shared}/agent/agent-spec.ts";
import { mcpServer } from "${shared}/agent/mcp-server.ts";
import { webFetch } from "${shared}/agent/tools/web-fetch.ts";
export const researcher = defineAgent({
  name: "researcher",
  role: "finds out what is known",
  tools: [webFetch({ domains: ["docs.example.com"] })],
  mcp: [mcpServer({ name: "docs", url: "${url}", auth: "bearer", tools: ["search"] })],
});`,
  );
  write(
    "handler.ts",
    `import { createAgentHandler } from "${shared}/entry/agent-handler.ts";
import { researcher } from "./agent.ts";
export const handler = createAgentHandler(researcher);`,
  );
  return folder;
};

let server: McpTestServer;
let models: ModelServer;
let agentsDir: string;
beforeAll(async () => {
  server = await McpTestServer.start({ token: TOKEN });
  models = await createModelServer();
  models.addScript(
    defineScript({
      name: "mcp",
      agents: {
        researcher: [
          {
            calls: [
              { name: "docs__search", input: { query: "queues" } },
              { name: "web_fetch", input: { url: "http://169.254.169.254/latest/meta-data" } },
            ],
          },
          ({ lastToolResults }) => ({ text: lastToolResults.map(({ content }) => content).join("\n") }),
        ],
      },
    }),
  );
  agentsDir = agentsWith(server.url);
});
afterAll(async () => {
  await server.stop();
  await models.stop();
  rmSync(agentsDir, { recursive: true, force: true });
});

test.skipIf(isDeployed)(
  "an agent uses the tools of an MCP server with its own credential, which nobody else sees",
  async () => {
    const lines: string[] = [];
    const { target, host } = await openHost({
      agentsDir,
      // As deployed: what the bundler leaves out of the SDK must not be missed.
      minify: true,
      modelServer: models.url,
      env: { BULKHEAD_RESEARCHER_MCP_DOCS_TOKEN: TOKEN },
      log: (_, line) => void lines.push(line),
    });
    try {
      const view = await target.run("[[mcp]] What is known of queues?", { agent: "researcher" });
      expect(view.status).toBe("SUCCEEDED");
      expect(view.output).toContain("found queues");
      expect(view.output).toContain("URL_FORBIDDEN: the address must begin with https://");
      expect(server.seen.length).toBeGreaterThan(0);
      expect(server.seen.every(({ authorization }) => authorization === `Bearer ${TOKEN}`)).toBe(true);

      const asked = models.ledger();
      const detail = await (await target.fetch(`/executions/${view.executionId}/tasks/1`)).text();
      expect(lines[0]).toMatch(/^rule of two: .* let a person approve web_fetch \(docs\/tools.md\)$/);
      expect(JSON.stringify([view, detail, asked, lines])).not.toContain(TOKEN);
    } finally {
      await host.stop();
    }
  },
);

test.skipIf(isDeployed)("without its credential the agent fails by name, and no model is asked", async () => {
  const { target, host } = await openHost({ agentsDir, modelServer: models.url });
  try {
    const view = await target.run("[[mcp]] What is known of queues?", { agent: "researcher" });
    expect(view.status).toBe("FAILED");
    expect(view.failure?.name).toBe("SecretUnavailable");
    expect(view.usage.calls).toBe(0);
  } finally {
    await host.stop();
  }
});
