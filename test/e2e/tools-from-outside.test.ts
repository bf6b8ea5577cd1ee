import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isDeployed, openHost } from "../support/open-target.ts";
import { hasTeam, type OpenTeam, openTeam } from "../support/open-team.ts";
import { hostEnvironment, layTeam, MCP_TOKEN, startTeamServers } from "../support/team.ts";

describe.runIf(hasTeam)("an agent with an MCP server and the web", () => {
  let team: OpenTeam;
  beforeAll(async () => {
    // As deployed: what the bundler leaves out of the SDK must not be missed.
    team = await openTeam(["researcher"], { minify: true });
  });
  afterAll(() => team?.close());

  test("uses the server's tools with its own credential, which nobody else sees, and no page that its spec does not name [bad-input 61]", async () => {
    const { target, ledger, lines } = team;
    const view = await target.run("[[consult]] What is known of queues?", { agent: "researcher" });
    expect(view.status).toBe("SUCCEEDED");
    // The server lets nobody in who does not know the credential.
    expect(view.output).toMatch(/^docs__search \(ok\): <untrusted source="MCP server 'docs'">\nfound queues/);
    const results = (view.output ?? "").split(/^(?=\w+ \((?:ok|error)\): )/m);
    expect(results.slice(1)).toEqual([
      expect.stringMatching(/^docs__fail \(error\): [\s\S]*the index is broken/),
      // Its server offers it; the allow-list of the spec does not.
      expect.stringMatching(/^docs__structured \(error\): TOOL_NOT_ALLOWED/),
      expect.stringContaining("web_fetch (error): URL_FORBIDDEN: the address must begin with https://"),
      expect.stringContaining(
        "web_fetch (error): URL_FORBIDDEN: the address must name a host, not an IP address",
      ),
      expect.stringContaining("web_fetch (error): URL_FORBIDDEN: the address must not name a port"),
      expect.stringContaining(
        "web_fetch (error): URL_FORBIDDEN: the address is on none of the allowed domains",
      ),
    ]);
    const detail = await target.task(view.executionId, 1);
    // What a server says of its tools decides what becomes of a call that is cut short.
    const effects = new Map(
      detail.turnList.flatMap(({ toolCalls }) => toolCalls.map(({ tool, effect }) => [tool, effect])),
    );
    expect([effects.get("docs__search"), effects.get("docs__fail")]).toEqual(["readOnly", "idempotent"]);
    const history = await target.history(view.executionId);
    expect(JSON.stringify([view, detail, history, await ledger("consult"), lines])).not.toContain(MCP_TOKEN);
    // Reading strangers, a credential and the web are one thing too many, and the host says so.
    if (!isDeployed) {
      expect(lines[0]).toMatch(/^rule of two: .* let a person approve web_fetch \(docs\/tools.md\)$/);
    }
  });
});

/** Embedded host only: there a credential can be left out. */
test.skipIf(isDeployed)("without its credential the agent fails by name, and no model is asked", async () => {
  const servers = await startTeamServers();
  const agents = ["researcher"];
  const agentsDir = layTeam(agents, servers.mcp.url);
  const { BULKHEAD_RESEARCHER_MCP_DOCS_TOKEN: _, ...env } = hostEnvironment(agents, servers.models.url);
  const { target, host } = await openHost({ agentsDir, env });
  try {
    const view = await target.run("[[consult]] What is known of queues?", { agent: "researcher" });
    expect(view.status).toBe("FAILED");
    expect(view.failure?.name).toBe("SecretUnavailable");
    expect(view.usage.calls).toBe(0);
    expect(servers.models.ledger()).toEqual([]);
  } finally {
    await host.stop();
    await servers.stop();
    rmSync(agentsDir, { recursive: true, force: true });
  }
});
