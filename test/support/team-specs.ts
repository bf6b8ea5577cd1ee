import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type AgentSpec, isAgentSpec, toManifestEntry } from "../../functions/shared/agent/agent-spec.ts";
import type { AgentManifest } from "../../functions/shared/contracts/agent-manifest.ts";

/** An agent as it stands in the repository. */
export interface StandingAgent {
  readonly spec: AgentSpec;
  /** The text of its `prompt.md`. */
  readonly prompt: string;
}

/** All agents of `functions/agents`, by name, found by path as the bundler finds them. */
export const loadTeam = async (): Promise<{ agents: readonly StandingAgent[]; manifest: AgentManifest }> => {
  const agents = await Promise.all(globSync("functions/agents/*/agent.ts").sort().map(load));
  const names = agents.map(({ spec }) => spec.name);
  const manifest = agents.map(({ spec }) => {
    const entry = toManifestEntry(spec);
    return { ...entry, handoffs: entry.handoffs ?? names.filter((name) => name !== spec.name) };
  });
  return { agents, manifest };
};

const load = async (file: string): Promise<StandingAgent> => {
  const exported = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Record<string, unknown>;
  const spec = Object.values(exported).find(isAgentSpec);
  if (spec === undefined) throw new Error(`${file} exports no agent`);
  return { spec, prompt: readFileSync(join(dirname(file), "prompt.md"), "utf8") };
};
