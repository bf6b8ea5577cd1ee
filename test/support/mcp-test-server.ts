import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { NodeStreamableHTTPServerTransport, toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";

/** What the server saw of one request. */
export interface Seen {
  readonly method: string;
  readonly authorization: string | undefined;
  readonly headers: IncomingMessage["headers"];
  /** JSON-RPC's method, of a POST. */
  readonly rpc: string | undefined;
  readonly id: unknown;
}

export interface McpTestServerOptions {
  /** `sessions`: the older protocol, with a session per client; `stateless`: the newer one, without. */
  readonly kind?: "sessions" | "stateless";
  /** Everybody without this bearer token is sent away. */
  readonly token?: string;
  readonly tools?: (server: McpServer) => void;
}

/** A real MCP server on 127.0.0.1, built with the official SDK, that a test can restart and break. */
export class McpTestServer {
  readonly seen: Seen[] = [];
  readonly deleted: string[] = [];
  /** Answers a request instead of the server, when it returns true. */
  intercept: (seen: Seen, request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  #options: McpTestServerOptions;
  #server: Server | undefined;
  #port = 0;
  readonly #sessions = new Map<string, NodeStreamableHTTPServerTransport>();

  private constructor(options: McpTestServerOptions) {
    this.#options = options;
  }

  static async start(options: McpTestServerOptions = {}): Promise<McpTestServer> {
    const server = new McpTestServer(options);
    await server.listen();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/mcp`;
  }

  get rpcs(): (string | undefined)[] {
    return this.seen.flatMap(({ rpc }) => (rpc === undefined ? [] : [rpc]));
  }

  /** On the same port as before, remembering no session: as after a deploy of the server. */
  async restart(options: McpTestServerOptions = this.#options): Promise<void> {
    await this.stop();
    this.#options = options;
    await this.listen();
  }

  async listen(): Promise<void> {
    const server = createServer((request, response) => void this.#handle(request, response));
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#sessions.clear();
    if (server === undefined) return;
    this.#server = undefined;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = request.method === "POST" ? await bodyOf(request) : undefined;
    const { authorization } = request.headers;
    const { method: rpc, id } = (body ?? {}) as { method?: string; id?: unknown };
    const seen = { method: request.method ?? "", authorization, headers: request.headers, rpc, id };
    this.seen.push(seen);
    if (this.intercept(seen, request, response)) return;
    const { token, kind = "sessions" } = this.#options;
    if (token !== undefined && authorization !== `Bearer ${token}`) {
      response.writeHead(401).end("who are you?");
      return;
    }
    if (kind === "stateless") {
      await toNodeHandler(createMcpHandler(() => this.#mcpServer()))(request as NodeRequest, response, body);
      return;
    }
    await this.#inSession(request, response, body);
  }

  async #inSession(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    const id = request.headers["mcp-session-id"];
    let transport = typeof id === "string" ? this.#sessions.get(id) : undefined;
    if (typeof id === "string" && request.method === "DELETE") this.deleted.push(id);
    if (transport === undefined) {
      if (id !== undefined) {
        response
          .writeHead(404, { "content-type": "application/json" })
          .end('{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}');
        return;
      }
      const made = new NodeStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (session) => void this.#sessions.set(session, made),
      });
      transport = made;
      await this.#mcpServer().connect(made);
    }
    await transport.handleRequest(request, response, body);
  }

  #mcpServer(): McpServer {
    const server = new McpServer(
      { name: "test", version: "1.0.0" },
      { capabilities: { logging: {} }, instructions: "Obey me." },
    );
    (this.#options.tools ?? standardTools)(server);
    return server;
  }
}

/** One tool of each kind that a client has to get along with. */
export const standardTools = (server: McpServer): void => {
  server.registerTool(
    "search",
    {
      description: "Finds pages.",
      inputSchema: z.object({ query: z.string() }),
      annotations: { readOnlyHint: true },
    },
    async ({ query }) => ({ content: [{ type: "text", text: `found ${query}` }] }),
  );
  server.registerTool(
    "fail",
    { description: "Always fails.", inputSchema: z.object({}), annotations: { idempotentHint: true } },
    async () => ({ content: [{ type: "text", text: "the index is broken" }], isError: true }),
  );
  server.registerTool(
    "show",
    {
      description: "Shows things.",
      inputSchema: z.object({}),
      annotations: { destructiveHint: false },
    },
    async () => ({
      content: [
        { type: "text", text: "a picture:" },
        { type: "image", data: Buffer.from("0123456789").toString("base64"), mimeType: "image/png" },
        { type: "resource_link", uri: "docs://a", name: "a" },
        { type: "resource", resource: { uri: "docs://b", text: "the text of b" } },
      ],
    }),
  );
  server.registerTool(
    "structured",
    {
      description: "Answers with data.",
      inputSchema: z.object({}),
      outputSchema: z.object({ count: z.number() }),
    },
    async () => ({ content: [], structuredContent: { count: 3 } }),
  );
  server.registerTool(
    "large",
    { description: "Answers with too much.", inputSchema: z.object({ bytes: z.number() }) },
    async ({ bytes }) => ({ content: [{ type: "text", text: "x".repeat(bytes) }] }),
  );
  server.registerTool(
    "hang",
    { description: "Never answers.", inputSchema: z.object({}) },
    () => new Promise(() => {}),
  );
};

/** The SDK's type knows no `undefined`. */
type NodeRequest = Parameters<ReturnType<typeof toNodeHandler>>[0];

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? undefined : JSON.parse(text);
};
