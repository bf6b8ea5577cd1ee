import { z } from "zod";
import type { AgentManifest } from "../contracts/agent-manifest.ts";
import type { AgentSpec } from "./agent-spec.ts";

/** What an agent is told about itself, its answer and its peers; the first line names it. */
export const systemPrompt = (
  { name, role, output }: Pick<AgentSpec, "name" | "role" | "output">,
  prompt: string,
  peers: AgentManifest,
): string => {
  const parts = [`You are the agent "${name}": ${role}.`, prompt.trim()];
  if (output !== undefined) parts.push(`${ANSWER_IS_JSON}\n${JSON.stringify(z.toJSONSchema(output))}`);
  if (peers.length > 0) parts.push([PEERS, ...peers.map(line)].join("\n"));
  return parts.join("\n\n").toWellFormed();
};

const ANSWER_IS_JSON = "Your answer is JSON and nothing else, and fits this schema:";
const PEERS = "Your peers, whom you may hand off to:";

const line = ({ name, role }: { readonly name: string; readonly role: string }): string =>
  `- "${name}": ${role}`;
