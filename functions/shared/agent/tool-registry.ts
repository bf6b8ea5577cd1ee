import type { AgentManifest } from "../contracts/agent-manifest.ts";
import type { ToolSchema } from "../contracts/model-message.ts";
import { nearestName } from "../kernel/nearest-name.ts";
import type { Tool } from "./tool.ts";

/** The tools of one agent; what is not in here does not exist for it. */
export interface ToolRegistry {
  readonly schemas: readonly ToolSchema[];
  find(name: string): Tool | undefined;
  /**
   * What to say to a model that calls a tool which it does not have: `TOOL_NOT_ALLOWED` when another
   * agent has it, `TOOL_NOT_FOUND` with the nearest name when nobody has.
   */
  refusalOf(name: string): string;
}

/**
 * An agent that may hand off to nobody is not shown a tool for it. `everybody`: the manifest, which
 * says what a mistyped name is and what is a reach for something that belongs to others.
 */
export const toolRegistry = (
  tools: readonly Tool[],
  peers: AgentManifest,
  everybody: AgentManifest,
): ToolRegistry => {
  const usable = tools.filter((tool) => tool.kind !== "suspending" || peers.length > 0);
  const byName = new Map(usable.map((tool) => [tool.name, tool]));
  const names = [...byName.keys()];
  const elsewhere = new Set([
    ...everybody.flatMap((agent) => agent.tools),
    ...tools.map((tool) => tool.name),
  ]);
  return {
    schemas: usable.map((tool) => (tool.kind === "suspending" ? tool.schemaFor(peers) : tool.schema)),
    find: (name) => byName.get(name),
    refusalOf: (name) => {
      const shown = JSON.stringify(name.slice(0, 80));
      const own = names.join(", ") || "none";
      // A server's tools stand in the manifest as one: `docs__*`.
      if (elsewhere.has(name) || elsewhere.has(`${name.split("__")[0]}__*`)) {
        return `TOOL_NOT_ALLOWED: you may not use ${shown}, whoever asks for it; your tools are ${own}`;
      }
      const nearest = nearestName(name, names);
      const hint = nearest === undefined ? "" : ` (did you mean "${nearest}"?)`;
      return `TOOL_NOT_FOUND: there is no tool ${shown}${hint}; there are ${own}`;
    },
  };
};
