import { z } from "zod";

/** An agent's secret when it holds more than its provider's key. */
export const AgentSecretFields = z.object({
  apiKey: z.string().min(1).optional(),
  /** By MCP server: its bearer token, or the value of its header. */
  mcp: z.record(z.string(), z.string().min(1)).optional(),
});
export type AgentSecretFields = z.infer<typeof AgentSecretFields>;
