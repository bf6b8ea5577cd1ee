import { z } from "zod";
import { LIMITS } from "../contracts/limits.ts";
import type { ToolServer } from "../ports/tool-servers.ts";

/** An MCP server whose tools an agent has beside its own, as `<name>__<tool>`. */
export interface McpServer extends ToolServer {
  readonly kind: "mcp";
  /** Of its tools only these; all when absent. */
  readonly tools: readonly string[] | undefined;
  readonly requiresApproval: boolean | "destructive" | readonly string[];
}

/** Over plain HTTP a credential could be read on the way; on the way to this machine there is nobody. */
const isReachable = (text: string): boolean => {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "" || url.hash !== "") return false;
  return url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.has(url.hostname));
};
const LOOPBACK = new Set(["127.0.0.1", "[::1]", "localhost"]);

const Declaration = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,23}$/, "must be lower-case letters, digits and hyphens, 24 characters at most"),
  url: z.string().refine(isReachable, "must be an https address without user and fragment"),
  tools: z.array(z.string().min(1).max(128)).min(1).optional(),
  /**
   * Which credential the server wants: a bearer token, or a header of its own. It stands in the
   * agent's secret under `mcp.<name>`, never here. Absent: none.
   */
  auth: z
    .union([z.literal("bearer"), z.strictObject({ header: z.string().regex(/^[A-Za-z0-9-]{1,64}$/) })])
    .optional(),
  /**
   * Whose calls a person must approve: all of them, those of the named tools, or of those that may delete
   * or overwrite something unless the server denies it, which is a server's word and no more.
   */
  requiresApproval: z
    .union([z.boolean(), z.literal("destructive"), z.array(z.string().min(1).max(128)).min(1)])
    .default(false),
  timeoutSeconds: z
    .int()
    .min(1)
    .max(LIMITS.servedCallMsMax / 1000)
    .default(LIMITS.servedCallMsDefault / 1000),
});

/** Declares an MCP server (streamable HTTP); throws a TypeError that names the server, the field and the problem. */
export const mcpServer = (declaration: z.input<typeof Declaration>): McpServer => {
  const parsed = Declaration.safeParse(declaration);
  if (!parsed.success) {
    const name = typeof declaration?.name === "string" ? declaration.name.slice(0, 80) : "?";
    throw new TypeError(`MCP server "${name}": ${z.prettifyError(parsed.error)}`);
  }
  const { timeoutSeconds, auth, tools, ...rest } = parsed.data;
  return Object.freeze({ kind: "mcp", ...rest, auth, tools, callMsMax: timeoutSeconds * 1000 });
};
