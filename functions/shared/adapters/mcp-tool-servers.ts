import type { ToolServer, ToolServers } from "../ports/tool-servers.ts";
import { McpSession } from "./mcp-session.ts";

/** What a server is to be told of who asks; rejects with TerminalError `SecretUnavailable`. */
export type CredentialOf = (server: string) => Promise<string>;

/** Tool servers by the Model Context Protocol, over streamable HTTP. Nothing is sent before it is needed. */
export const createMcpToolServers = (credentialOf: CredentialOf): ToolServers => {
  const sessions = new Map<string, McpSession>();
  const sessionWith = (server: ToolServer): McpSession => {
    const session = sessions.get(server.name) ?? new McpSession(server, credentialOf);
    sessions.set(server.name, session);
    return session;
  };
  return {
    list: (server, signal) => sessionWith(server).list(signal),
    call: (server, call, signal) => sessionWith(server).call(call, signal),
    close: async () => {
      await Promise.all([...sessions.values()].map((session) => session.close()));
    },
  };
};
