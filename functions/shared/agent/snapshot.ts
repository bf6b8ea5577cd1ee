import { z } from "zod";
import type { AgentManifest } from "../contracts/agent-manifest.ts";
import type { ToolSchema } from "../contracts/model-message.ts";
import { ToolEffect, type TurnRecord } from "../contracts/task-record.ts";
import { assert } from "../kernel/assert.ts";
import type { Blobs } from "../ports/blobs.ts";
import type { ToolServers } from "../ports/tool-servers.ts";
import type { AgentPorts } from "./agent-ports.ts";
import type { AgentSpec } from "./agent-spec.ts";
import { answerSchema } from "./answer-schema.ts";
import { checkpointLost, parseStored } from "./saved-turn.ts";
import { askForTools, servedTool } from "./served-tools.ts";
import { readValue } from "./stored-value.ts";
import { systemPrompt } from "./system-prompt.ts";
import type { Tool } from "./tool.ts";
import { type ToolRegistry, toolRegistry } from "./tool-registry.ts";

const Snapshot = z.object({
  system: z.string(),
  tools: z.array(z.custom<ToolSchema>()),
  /** Of agents whose answer is JSON. */
  answerSchema: z.record(z.string(), z.unknown()).optional(),
  served: z
    .array(
      z.object({
        name: z.string(),
        server: z.string(),
        tool: z.string(),
        effect: ToolEffect,
        isDestructive: z.boolean(),
      }),
    )
    .default([]),
});
/**
 * What the model is told about itself and its tools: fixed by a task's first turn and stored with it.
 * Neither a deploy nor a server with other tools may change what it has been told: thinking is bound to it (P14).
 */
export type Snapshot = Readonly<z.output<typeof Snapshot>>;

export interface SnapshotSource {
  readonly spec: AgentSpec;
  readonly ports: Pick<AgentPorts, "agents" | "prompt" | "log" | "blobs">;
  /** Whom this agent may hand off to. */
  readonly peers: AgentManifest;
  /** The task's connection to the agent's tool servers, if it has any. */
  readonly servers: ToolServers | undefined;
  readonly signal: AbortSignal;
}

/** That of the first saved turn, or a fresh one. Rejects as `askForTools` does, or with `CheckpointLost`. */
export const openSnapshot = (first: TurnRecord | undefined, source: SnapshotSource): Promise<Snapshot> =>
  first === undefined ? freshSnapshot(source) : storedSnapshot(first, source.ports.blobs);

const freshSnapshot = async ({ spec, ports, peers, servers, signal }: SnapshotSource): Promise<Snapshot> => {
  const own = toolRegistry(spec.tools, peers, ports.agents).schemas;
  const offer =
    spec.mcp.length === 0
      ? { entries: [], schemas: [] }
      : await askForTools(spec.mcp, connected(servers), {
          ownNames: spec.tools.map((tool) => tool.name),
          log: ports.log,
          signal,
        });
  return {
    system: systemPrompt(spec, ports.prompt, peers),
    tools: [...own, ...offer.schemas],
    served: [...offer.entries],
    ...(spec.output === undefined ? {} : { answerSchema: answerSchema(spec.output) }),
  };
};

export const storedSnapshot = async (first: TurnRecord, blobs: Blobs): Promise<Snapshot> => {
  if (first.snapshot === undefined) throw checkpointLost("the snapshot of the first turn is missing");
  const stored = parseStored(await readValue(blobs, first.snapshot), "the snapshot of the first turn");
  const parsed = Snapshot.safeParse(stored);
  if (!parsed.success) throw checkpointLost("the snapshot of the first turn cannot be read");
  return parsed.data;
};

/**
 * The tools that a task can call: the agent's own as they are deployed now, and of its servers' those
 * that the task was told of. What a deploy has taken from the agent cannot be called any more.
 */
export const registryOf = (
  snapshot: Snapshot,
  { spec, ports, peers, servers }: SnapshotSource,
): ToolRegistry => {
  const served = snapshot.served.flatMap((entry): Tool[] => {
    const server = spec.mcp.find(({ name }) => name === entry.server);
    const schema = snapshot.tools.find(({ name }) => name === entry.name);
    if (server === undefined || schema === undefined) return [];
    if (server.tools?.includes(entry.tool) === false) return [];
    return [servedTool(entry, schema, server, connected(servers))];
  });
  return toolRegistry([...served, ...spec.tools], peers, ports.agents);
};

const connected = (servers: ToolServers | undefined): ToolServers => {
  assert(servers !== undefined, "an agent with tool servers was given no way to reach them");
  return servers;
};
