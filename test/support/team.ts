import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import type { AwsIdentity } from "../../functions/shared/contracts/aws-identity.ts";
import { ALL_SCRIPTS } from "../../infra/local/model-server/all-scripts.ts";
import { createModelServer, type ModelServer } from "../../infra/local/model-server/server.ts";
import { TEAM_SCRIPTS } from "../team/scripts.ts";
import { McpTestServer } from "./mcp-test-server.ts";

/**
 * The agents of test/team: what a user adds to the standard team to use everything that an agent can
 * declare. The same team, with the same settings, on the embedded host and on every deployment.
 */
const TEAM_FOLDER = resolve("test/team");
const STANDARD_FOLDER = resolve("functions/agents");

const foldersIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

export const TEAM: readonly string[] = foldersIn(TEAM_FOLDER);
export const STANDARD_TEAM: readonly string[] = foldersIn(STANDARD_FOLDER);

/** The researcher's at its MCP server. Unlike anything else, so that only knowing it keeps it out of a text. */
export const MCP_TOKEN = "canary-4c1d8e6a2f90";

/** Who asks Bedrock for the signer: where functions are an emulator's, so are their own credentials. */
export const SIGNER = {
  region: "eu-central-1",
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "canarySecret/0123456789+abcdefghijklmnop",
  sessionToken: "canaryToken==",
} satisfies AwsIdentity;

/** Of the account `metered`. */
export const REQUESTS_PER_MINUTE = 4;
const PROVIDER_LIMITS = { metered: { requestsPerMinute: REQUESTS_PER_MINUTE } };

/** What stands outside of the system: the provider of every model, and the researcher's MCP server. */
export interface TeamServers {
  readonly models: ModelServer;
  readonly mcp: McpTestServer;
  stop(): Promise<void>;
}

export const startTeamServers = async (): Promise<TeamServers> => {
  const mcp = await McpTestServer.start({ token: MCP_TOKEN });
  const models = await createModelServer({
    scripts: [...ALL_SCRIPTS, ...TEAM_SCRIPTS],
    awsSecrets: { [SIGNER.accessKeyId]: SIGNER.secretAccessKey },
  });
  return {
    models,
    mcp,
    stop: async () => {
      await models.stop();
      await mcp.stop();
    },
  };
};

/** A new folder with these agents, for the caller to remove. The researcher's server is at `mcpUrl`. */
export const layTeam = (agents: readonly string[], mcpUrl: string): string => {
  // As deep as test/team, so that what the agents import is where they look for it.
  const parent = resolve(".bulkhead");
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "team-"));
  for (const agent of agents) {
    if (TEAM.includes(agent)) cpSync(join(TEAM_FOLDER, agent), join(folder, agent), { recursive: true });
    else layStandardAgent(agent, join(folder, agent));
  }
  if (agents.includes("researcher")) {
    const file = join(folder, "researcher", "agent.ts");
    writeFileSync(file, readFileSync(file, "utf8").replace("https://docs.example.com/mcp", mcpUrl));
  }
  return folder;
};

/**
 * The agent of functions/agents, who knows its own team only: by default it could hand off to everybody, and
 * its prompt and its budgets would not be those that are deployed without test/team.
 */
const layStandardAgent = (agent: string, folder: string): void => {
  mkdirSync(folder);
  for (const file of ["handler.ts", "prompt.md"]) {
    symlinkSync(join(STANDARD_FOLDER, agent, file), join(folder, file));
  }
  const handoffs = STANDARD_TEAM.filter((peer) => peer !== agent);
  writeFileSync(
    join(folder, "agent.ts"),
    `import { ${agent} } from "../../../functions/agents/${agent}/agent.ts";
export const narrowed = { ...${agent}, handoffs: ${JSON.stringify(handoffs)} };
`,
  );
};

/** The settings of a stack with the whole team. */
export const stackSettings = (agentsDir: string, modelsUrl: string): Record<string, string> => ({
  scripted: "true",
  agentsDir,
  baseUrl: modelsUrl,
  agents: JSON.stringify(
    Object.fromEntries(Object.entries(ownAddresses(modelsUrl)).map(([name, baseUrl]) => [name, { baseUrl }])),
  ),
  providerLimits: JSON.stringify(PROVIDER_LIMITS),
});

/** What an agent's secret is filled with, on a deployment. */
export const secretOf = (agent: string): string =>
  agent === "researcher" ? JSON.stringify({ apiKey: keyOf(agent), mcp: { docs: MCP_TOKEN } }) : keyOf(agent);

/** The same for an embedded host with these agents. */
export const hostEnvironment = (agents: readonly string[], modelsUrl: string): Record<string, string> => ({
  ANTHROPIC_BASE_URL: modelsUrl,
  ...Object.fromEntries(agents.map((agent) => [`BULKHEAD_${agent.toUpperCase()}_API_KEY`, keyOf(agent)])),
  ...Object.fromEntries(
    Object.entries(ownAddresses(modelsUrl))
      .filter(([agent]) => agents.includes(agent))
      .map(([agent, url]) => [`BULKHEAD_${agent.toUpperCase()}_BASE_URL`, url]),
  ),
  ...(agents.includes("metered") ? { BULKHEAD_PROVIDER_LIMITS: JSON.stringify(PROVIDER_LIMITS) } : {}),
  ...(agents.includes("researcher") ? { BULKHEAD_RESEARCHER_MCP_DOCS_TOKEN: MCP_TOKEN } : {}),
  AWS_REGION: SIGNER.region,
  AWS_ACCESS_KEY_ID: SIGNER.accessKeyId,
  AWS_SECRET_ACCESS_KEY: SIGNER.secretAccessKey,
  AWS_SESSION_TOKEN: SIGNER.sessionToken,
});

/** A key per agent, so that whose it was shows in the provider's ledger. */
export const keyOf = (agent: string): string => `scripted-${agent}`;

/** Of those whose provider speaks another dialect. */
const ownAddresses = (modelsUrl: string) => ({
  metered: `${modelsUrl}/api/anthropic`,
  signer: `${modelsUrl}/anthropic`,
});
