import {
  Client,
  type jsonSchemaValidator,
  ProtocolError,
  SdkHttpError,
  type Tool,
} from "@modelcontextprotocol/client";
import { LIMITS } from "../contracts/limits.ts";
import type { ServedCall, ServedResult, ServedTool, ToolServer } from "../ports/tool-servers.ts";
import { contentText } from "./mcp-content.ts";
import { mcpFailure } from "./mcp-failure.ts";
import type { CredentialOf } from "./mcp-tool-servers.ts";
import { McpTransport } from "./mcp-transport.ts";

interface Connection {
  readonly client: Client;
  readonly transport: McpTransport;
  readonly credential: string | undefined;
}

/**
 * One task's session with one server.
 *
 *   N1. Every request ends: answered, refused, cut, too late, too large, or aborted.
 *   N2. A session that the server has forgotten is begun anew, once for a request; a server that
 *       knows no session has run nothing.
 *   N3. No other failure is repeated here: what was called may have been done.
 *   N4. The credential goes to the declared address and nowhere else, and is cut out of whatever comes back.
 */
export class McpSession {
  readonly #server: ToolServer;
  readonly #credentialOf: CredentialOf;
  #connection: Promise<Connection> | undefined;

  constructor(server: ToolServer, credentialOf: CredentialOf) {
    this.#server = server;
    this.#credentialOf = credentialOf;
  }

  async list(signal: AbortSignal): Promise<readonly ServedTool[]> {
    const { tools } = await this.#request(LIMITS.servedListMsMax, signal, ({ client }, options) =>
      client.listTools(undefined, options),
    );
    return tools.map(servedTool);
  }

  async call({ tool, input, callId }: ServedCall, signal: AbortSignal): Promise<ServedResult> {
    return await this.#request(this.#server.callMsMax, signal, async ({ client, credential }, options) => {
      const conceal = (text: string): string =>
        credential === undefined ? text : text.replaceAll(credential, "[concealed]");
      try {
        const result = await client.callTool(
          // For a server that does its effect once by key, and for the logs of both sides.
          { name: tool, arguments: { ...input }, _meta: { "bulkhead/callId": callId } },
          options,
        );
        return { content: conceal(contentText(result)), isError: result.isError === true };
      } catch (error) {
        // The server's own word on this call, such as that it has no such tool.
        if (!(error instanceof ProtocolError)) throw error;
        return { content: conceal(error.message), isError: true };
      }
    });
  }

  async close(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    this.#connection = undefined;
    if (connection === undefined) return;
    await connection.transport.endSession();
    await connection.client.close().catch(() => {});
  }

  /** N1-N3. */
  async #request<Answer>(
    timeout: number,
    signal: AbortSignal,
    send: (connection: Connection, options: { signal: AbortSignal; timeout: number }) => Promise<Answer>,
  ): Promise<Answer> {
    for (let isSecond = false; ; isSecond = true) {
      const connection = await this.#connect(signal);
      try {
        return await connection.transport.watch(signal, (watched) =>
          send(connection, { signal: watched, timeout }),
        );
      } catch (error) {
        signal.throwIfAborted();
        if (isSecond || !isForgotten(error, connection)) throw mcpFailure(error, this.#server, timeout);
        this.#connection = undefined;
        await connection.client.close().catch(() => {});
      }
    }
  }

  #connect(signal: AbortSignal): Promise<Connection> {
    const connection = this.#connection ?? this.#begin(signal);
    this.#connection = connection;
    connection.catch(() => {
      if (this.#connection === connection) this.#connection = undefined;
    });
    return connection;
  }

  async #begin(signal: AbortSignal): Promise<Connection> {
    const server = this.#server;
    const credential = server.auth === undefined ? undefined : await this.#credentialOf(server.name);
    const transport = new McpTransport(server, credential);
    // No capability: a server may not ask back for a model, a person or a folder.
    const client = new Client(
      { name: "bulkhead", version: "1" },
      {
        // Older servers know sessions and newer ones do not; both are spoken to in their way.
        versionNegotiation: { mode: "auto" },
        inputRequired: { autoFulfill: false },
        listMaxPages: LIMITS.servedListPagesMax,
        jsonSchemaValidator: JUDGES_NOTHING,
      },
    );
    try {
      await transport.watch(signal, (watched) =>
        client.connect(transport, { signal: watched, timeout: LIMITS.servedListMsMax }),
      );
    } catch (error) {
      await client.close().catch(() => {});
      signal.throwIfAborted();
      throw mcpFailure(error, server, LIMITS.servedListMsMax);
    }
    return { client, transport, credential };
  }
}

/** A result that does not fit its own server's schema is shown as it is: the effect has been had. */
const JUDGES_NOTHING: jsonSchemaValidator = {
  getValidator: () => (input) => ({ valid: true, data: input as never, errorMessage: undefined }),
};

/** The protocol says 404; servers that keep sessions in a map often say 400. */
const isForgotten = (error: unknown, { transport }: Connection): boolean =>
  error instanceof SdkHttpError &&
  (error.status === 404 || error.status === 400) &&
  transport.sessionId !== undefined;

const servedTool = ({ name, title, description, inputSchema, annotations }: Tool): ServedTool => ({
  name,
  description: description ?? title ?? "",
  inputSchema: inputSchema as ServedTool["inputSchema"],
  isReadOnly: annotations?.readOnlyHint === true,
  isIdempotent: annotations?.idempotentHint === true,
  isDestructive: annotations?.readOnlyHint !== true && annotations?.destructiveHint !== false,
});
