import { HostError } from "./host-error.ts";
import { type Environment, prefixOf, read } from "./provider-settings.ts";

/** By agent, then by MCP server; each goes into that agent's environment and nowhere else. */
export type ToolCredentials = Readonly<Record<string, Readonly<Record<string, string>>>>;

const VARIABLE = /^BULKHEAD_[A-Z0-9_]+_MCP_([A-Z0-9_]+)_TOKEN$/;

/**
 * What the user's environment holds for the agents' MCP servers: `BULKHEAD_<AGENT>_MCP_<SERVER>_TOKEN`.
 * Throws HostError naming a variable that belongs to no agent; never says a value.
 */
export const resolveToolCredentials = (
  env: Environment,
  agents: readonly { readonly name: string }[],
): ToolCredentials => {
  const credentials: Record<string, Record<string, string>> = {};
  for (const variable of Object.keys(env)) {
    const server = VARIABLE.exec(variable)?.[1];
    const value = read(env, variable);
    if (server === undefined || value === undefined) continue;
    const agent = agents.find(({ name }) => variable === `${prefixOf(name)}_MCP_${server}_TOKEN`);
    if (agent === undefined) {
      const names = agents.map(({ name }) => name).join(", ");
      throw new HostError(`${variable} names no agent; there are ${names}`);
    }
    credentials[agent.name] = {
      ...credentials[agent.name],
      [server.toLowerCase().replaceAll("_", "-")]: value,
    };
  }
  return credentials;
};
