import { AgentSecretFields } from "../contracts/agent-secret.ts";
import { TerminalError } from "../kernel/errors.ts";
import { parsedJson } from "../kernel/parsed-json.ts";

/** What one agent keeps in its one secret. All reject with TerminalError `SecretUnavailable` when it is not there. */
export interface AgentSecret {
  /** The provider's key. */
  apiKey(): Promise<string>;
  /** What a tool server of the agent's is to be told. */
  credentialOf(server: string): Promise<string>;
}

/**
 * An agent's secret is its provider's key, or a JSON object of more: `{"apiKey": "…", "mcp": {"docs": "…"}}`.
 * `read` rejects as the secrets adapter does. Of what is in it, no error says anything.
 */
export const parsedSecret = (read: () => Promise<string>): AgentSecret => {
  const fields = async (): Promise<AgentSecretFields> => {
    const text = await read();
    if (!text.startsWith("{")) return { apiKey: text };
    const parsed = AgentSecretFields.safeParse(parsedJson(text));
    if (parsed.success) return parsed.data;
    throw new TerminalError(
      "SecretUnavailable",
      'the agent\'s secret is not {"apiKey": string, "mcp": {"<server>": string}}, nor a key alone',
    );
  };
  return {
    apiKey: async () => (await fields()).apiKey ?? missing("`apiKey` in the agent's secret"),
    credentialOf: async (server) => {
      const { mcp = {} } = await fields();
      if (Object.hasOwn(mcp, server)) return mcp[server] ?? "";
      return missing(
        `\`mcp.${server}\` in the agent's secret (on the embedded host: BULKHEAD_<AGENT>_MCP_<SERVER>_TOKEN)`,
      );
    },
  };
};

const missing = (what: string): never => {
  throw new TerminalError("SecretUnavailable", `${what} is missing`);
};
