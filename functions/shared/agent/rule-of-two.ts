import type { AgentSpec } from "./agent-spec.ts";
import type { McpServer } from "./mcp-server.ts";
import { approved, type Reach, type Tool } from "./tool.ts";

/**
 * The rule of two: an agent that reads what strangers may have written, knows what is private and can act
 * outward by itself needs only one sentence in the wrong file to give the private away, so that it should have
 * two of the three at most. Gives one line that names the tools and the next step, or `undefined`.
 *
 *   R1. It counts what tools and servers declare. Silence is no proof: a tool may say too little of itself,
 *       every agent knows its task, and what a team passes on by handoffs reaches further than one agent.
 *   R2. What a person has to approve, all calls of it, is no act of the agent's.
 *   R3. What a server gave may go back to it, for it knew that already. Not so when the agent may call all
 *       of its tools: then nobody has looked whether one of them publishes what another one reads.
 */
export const breachOfRuleOfTwo = ({ tools, mcp }: Pick<AgentSpec, "tools" | "mcp">): string | undefined => {
  const parts = [...tools.map(partOfTool), ...mcp.map(partOfServer)];
  const reaching = (reach: Reach): Part[] => parts.filter(({ reaches }) => reaches.includes(reach));
  const readers = reaching("untrusted");
  const sources = reaching("private");
  const ways = reaching("outward").filter((way) => sources.some((source) => source !== way || !way.isChosen));
  if (readers.length === 0 || ways.length === 0) return undefined;
  return (
    `rule of two: it reads what strangers may have written (${namesOf(readers)}), knows what is private ` +
    `(${namesOf(sources)}) and can act outward by itself (${namesOf(ways)}); split the agent, or let a person ` +
    `approve ${namesOf(ways)} (docs/tools.md)`
  );
};

interface Part {
  /** As the model sees it; of a server, whose tools are not known yet, `docs__*`. */
  readonly name: string;
  readonly reaches: readonly Reach[];
  /** A server of whose tools the agent's declaration names those that it may call. */
  readonly isChosen: boolean;
}

const partOfTool = (tool: Tool): Part => ({
  name: tool.name,
  reaches: ("reaches" in tool ? tool.reaches : undefined) ?? [],
  isChosen: false,
});

/** An answer is its server's word, a question tells the server something, and a credential is there for a reason. */
const partOfServer = (server: McpServer): Part => {
  const reaches: readonly Reach[] = [
    "untrusted",
    ...(server.auth === undefined ? [] : (["private"] as const)),
    "outward",
  ];
  return {
    name: `${server.name}__*`,
    reaches: needsApprovalAlways(server) ? approved(reaches) : reaches,
    isChosen: server.tools !== undefined,
  };
};

const needsApprovalAlways = ({ tools, requiresApproval }: McpServer): boolean => {
  if (typeof requiresApproval !== "object") return requiresApproval === true;
  return tools?.every((tool) => requiresApproval.includes(tool)) === true;
};

const namesOf = (parts: readonly Part[]): string => parts.map(({ name }) => name).join(", ");
