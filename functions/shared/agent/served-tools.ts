import { LIMITS } from "../contracts/limits.ts";
import type { ToolSchema } from "../contracts/model-message.ts";
import type { ToolEffect } from "../contracts/task-record.ts";
import { previewOf } from "../contracts/value.ts";
import type { Log } from "../ports/log.ts";
import type { ServedTool, ToolServers } from "../ports/tool-servers.ts";
import type { McpServer } from "./mcp-server.ts";
import { type OrdinaryTool, ToolRefusal } from "./tool.ts";
import { untrusted } from "./untrusted.ts";

/** Whose tool it is that a task knows by `name`; with the schemas part of the task's snapshot. */
export interface ServedToolEntry {
  readonly name: string;
  readonly server: string;
  /** As its server calls it. */
  readonly tool: string;
  readonly effect: ToolEffect;
  readonly isDestructive: boolean;
}

export interface Offer {
  readonly entries: readonly ServedToolEntry[];
  readonly schemas: readonly ToolSchema[];
}

/**
 * What an agent's servers offer it, asked anew: by name, so that the same tools make the same prompt.
 * What cannot be shown to a model is left out with a line in the log, for a server must not be able to
 * break its users. Rejects as `ToolServers.list` does: an agent does not start without its tools, since
 * it would have to do without them, and be paid for it, to the end of the task.
 */
export const askForTools = async (
  servers: readonly McpServer[],
  connection: ToolServers,
  { ownNames, log, signal }: { ownNames: readonly string[]; log: Log; signal: AbortSignal },
): Promise<Offer> => {
  const lists = await Promise.all(
    servers.map(async (server) => ({ server, tools: await connection.list(server, signal) })),
  );
  const taken = new Set(ownNames);
  const entries: ServedToolEntry[] = [];
  const schemas: ToolSchema[] = [];
  let bytes = 0;
  for (const { server, tools } of lists) {
    for (const name of server.tools ?? []) {
      if (!tools.some((tool) => tool.name === name)) leaveOut(server, name, "not served");
    }
    for (const tool of [...tools].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (server.tools?.includes(tool.name) === false) continue;
      const name = `${server.name}__${tool.name}`;
      const schema = schemaOf(name, server, tool);
      const size = Buffer.byteLength(JSON.stringify(schema));
      const reason = whyNot(name, size);
      if (reason !== undefined) {
        leaveOut(server, tool.name, reason);
        continue;
      }
      bytes += size;
      taken.add(name);
      schemas.push(schema);
      const { isDestructive } = tool;
      entries.push({ name, server: server.name, tool: tool.name, effect: effectOf(tool), isDestructive });
    }
  }
  return { entries, schemas };

  function whyNot(name: string, size: number): string | undefined {
    if (!TOOL_NAME.test(name)) return "no name for a model";
    if (taken.has(name)) return "name is taken";
    if (size > LIMITS.servedToolBytesMax) return "too large";
    if (entries.length >= LIMITS.servedToolsMax || bytes + size > LIMITS.servedToolsBytesMax)
      return "too many";
    return undefined;
  }

  function leaveOut(server: McpServer, tool: string, reason: string): void {
    log.warn("served tool left out", { server: server.name, tool: tool.slice(0, 80), reason });
  }
};

/** Providers refuse a request in which one tool is named otherwise. */
const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

const schemaOf = (name: string, server: McpServer, tool: ServedTool): ToolSchema => ({
  name,
  description: previewOf(
    `Of the server "${server.name}": ${tool.description}`.toWellFormed(),
    LIMITS.servedDescriptionBytesMax,
  ),
  input_schema: tool.inputSchema,
});

/** Its server's word is taken: a wrong one repeats, after a crash, a call that should not have been. */
const effectOf = ({ isReadOnly, isIdempotent }: ServedTool): ToolEffect => {
  if (isReadOnly) return "readOnly";
  return isIdempotent ? "idempotent" : "external";
};

/**
 * A served tool as one of the agent's own. Its input is its server's to check. What it answers comes
 * from outside, and says so.
 */
export const servedTool = (
  { name, tool, effect, isDestructive }: ServedToolEntry,
  schema: ToolSchema,
  server: McpServer,
  connection: ToolServers,
): OrdinaryTool => ({
  kind: "ordinary",
  name,
  effect,
  schema,
  callMsMax: server.callMsMax,
  prepare: (input) =>
    isObject(input)
      ? {
          ok: true,
          reconcile: undefined,
          needsApproval: needsApproval(server, tool, isDestructive),
          run: async ({ callId, signal }) => {
            const result = await connection.call(server, { tool, input, callId }, signal);
            const content = untrusted(`MCP server "${server.name}"`, result.content);
            if (result.isError) throw new ToolRefusal("TOOL_FAILED", content);
            return content;
          },
        }
      : { ok: false, problem: "input: expected an object" },
});

const needsApproval = ({ requiresApproval }: McpServer, tool: string, isDestructive: boolean): boolean => {
  if (requiresApproval === "destructive") return isDestructive;
  return typeof requiresApproval === "boolean" ? requiresApproval : requiresApproval.includes(tool);
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
