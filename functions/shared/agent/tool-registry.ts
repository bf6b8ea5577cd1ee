import type { AgentManifest } from "../contracts/agent-manifest.ts";
import type { ToolSchema } from "../contracts/model-message.ts";
import { nearestName } from "../kernel/nearest-name.ts";
import type { Tool } from "./tool.ts";

/** The tools of one agent; what is not in here does not exist for it. */
export interface ToolRegistry {
  readonly schemas: readonly ToolSchema[];
  find(name: string): Tool | undefined;
  /** What to say to a model that calls a tool which is not there. */
  unknown(name: string): string;
}

/** An agent that may hand off to nobody is not shown a tool for it. */
export const toolRegistry = (tools: readonly Tool[], peers: AgentManifest): ToolRegistry => {
  const usable = tools.filter((tool) => tool.kind === "ordinary" || peers.length > 0);
  const byName = new Map(usable.map((tool) => [tool.name, tool]));
  const names = [...byName.keys()];
  return {
    schemas: usable.map((tool) => (tool.kind === "ordinary" ? tool.schema : tool.schemaFor(peers))),
    find: (name) => byName.get(name),
    unknown: (name) => {
      const nearest = nearestName(name, names);
      const hint = nearest === undefined ? "" : ` (did you mean "${nearest}"?)`;
      const shown = JSON.stringify(name.slice(0, 80));
      return `TOOL_NOT_FOUND: there is no tool ${shown}${hint}; there are ${names.join(", ") || "none"}`;
    },
  };
};
