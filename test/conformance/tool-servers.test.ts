import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createMcpToolServers } from "../../functions/shared/adapters/mcp-tool-servers.ts";
import { LIMITS } from "../../functions/shared/contracts/limits.ts";
import { RetryableError, TerminalError } from "../../functions/shared/kernel/errors.ts";
import type { ServedCall, ToolServer, ToolServers } from "../../functions/shared/ports/tool-servers.ts";
import { McpTestServer, type McpTestServerOptions, standardTools } from "../support/mcp-test-server.ts";

/** Unlike anything else, so that only knowing it can keep it out of a text. */
const TOKEN = "canary-7f3a9c1e5b2d";
const never = new AbortController().signal;

let server: McpTestServer;
let connection: ToolServers;
const asked: string[] = [];

const start = async (options: McpTestServerOptions = {}) => {
  server = await McpTestServer.start(options);
};

beforeEach(() => {
  asked.length = 0;
  connection = createMcpToolServers(async (name) => {
    asked.push(name);
    return TOKEN;
  });
});
afterEach(async () => {
  await connection.close();
  await server.stop();
});

const docs = (more: Partial<ToolServer> = {}): ToolServer => ({
  name: "docs",
  url: server.url,
  auth: undefined,
  callMsMax: 10_000,
  ...more,
});
const called = (tool: string, input: ServedCall["input"] = {}): ServedCall => ({
  tool,
  input,
  callId: "T.1/1.0",
});
const call = (tool: string, input?: ServedCall["input"], more?: Partial<ToolServer>) =>
  connection.call(docs(more), called(tool, input), never);

const failureOf = async (promise: Promise<unknown>): Promise<RetryableError | TerminalError> => {
  const error = await promise.then(
    (value) => new Error(`expected a failure, got ${JSON.stringify(value).slice(0, 200)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof RetryableError || error instanceof TerminalError) return error;
  throw error;
};

describe.each(["sessions", "stateless"] as const)("a server of the kind %s", (kind) => {
  beforeEach(() => start({ kind }));

  test("lists its tools with their hints", async () => {
    const tools = await connection.list(docs(), never);
    expect(
      tools.map(({ name, isReadOnly, isIdempotent, isDestructive }) => [
        name,
        isReadOnly,
        isIdempotent,
        isDestructive,
      ]),
    ).toEqual([
      ["search", true, false, false],
      ["fail", false, true, true],
      ["show", false, false, false],
      ["structured", false, false, true],
      ["large", false, false, true],
      ["hang", false, false, true],
    ]);
    expect(tools[0]).toMatchObject({
      description: "Finds pages.",
      inputSchema: { type: "object", properties: { query: { type: "string" } }, required: ["query"] },
    });
  });

  test("answers calls", async () => {
    expect(await call("search", { query: "queues" })).toEqual({ content: "found queues", isError: false });
  });

  test("says that a tool failed, that an input is off, and that a tool is not there", async () => {
    expect(await call("fail")).toEqual({ content: "the index is broken", isError: true });
    expect(await call("search", { query: 1 })).toMatchObject({ isError: true });
    expect(await call("gone")).toEqual({ content: expect.stringContaining("gone"), isError: true });
  });

  test("describes what is no text", async () => {
    expect((await call("show")).content).toBe(
      "a picture:\n[image, image/png, 10 bytes: not shown]\n[resource docs://a: a]\nthe text of b",
    );
  });

  test("answers with data alone as JSON", async () => {
    expect(await call("structured")).toEqual({ content: '{"count":3}', isError: false });
  });

  test("that says nothing is given up at its time limit", async () => {
    const failure = await failureOf(call("hang", {}, { callMsMax: 300 }));
    expect(failure).toBeInstanceOf(RetryableError);
    expect(failure).toMatchObject({
      failureName: "ToolServerUnavailable",
      message:
        'the MCP server "docs" did not answer within 0.3 seconds; what was asked for may have been done',
    });
    expect(await call("search", { query: "on" })).toMatchObject({ content: "found on" });
  });

  test("is not waited for after a stop", async () => {
    const stop = new AbortController();
    const waiting = connection.call(docs(), called("hang"), stop.signal);
    while (!server.rpcs.includes("tools/call")) await new Promise((resolve) => setTimeout(resolve, 10));
    stop.abort(new Error("stopped by the user"));
    await expect(waiting).rejects.toThrow("stopped by the user");
  });

  test("is cut off when it answers with more than an answer may have", async () => {
    const failure = await failureOf(call("large", { bytes: LIMITS.servedBodyBytesMax }));
    expect(failure).toMatchObject({
      failureName: "ToolServerUnavailable",
      message: expect.stringContaining(`more than ${LIMITS.servedBodyBytesMax} bytes`),
    });
    expect((await call("large", { bytes: 100_000 })).content).toHaveLength(100_000);
  });

  test("that is restarted between two calls is asked again", async () => {
    expect(await call("search", { query: "1" })).toMatchObject({ content: "found 1" });
    await server.restart();
    expect(await call("search", { query: "2" })).toMatchObject({ content: "found 2" });
  });

  test("is told a call's key", async () => {
    const metas: unknown[] = [];
    await server.restart({
      kind,
      tools: (mcp) => {
        mcp.registerTool("keyed", { description: "Tells its key." }, async (extra) => {
          metas.push(extra.mcpReq._meta);
          return { content: [] };
        });
      },
    });
    expect(await call("keyed")).toEqual({ content: "", isError: false });
    expect(metas).toEqual([expect.objectContaining({ "bulkhead/callId": "T.1/1.0" })]);
  });
});

describe("a credential", () => {
  test("goes to the server that asks for it, as a bearer token", async () => {
    await start({ token: TOKEN });
    expect(await call("search", { query: "1" }, { auth: "bearer" })).toMatchObject({ content: "found 1" });
    expect(asked).toEqual(["docs"]);
  });

  test("goes as the header that the server wants", async () => {
    await start();
    await call("search", { query: "1" }, { auth: { header: "X-Api-Key" } });
    expect(server.seen.every(({ headers }) => headers["x-api-key"] === TOKEN)).toBe(true);
    expect(server.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  test("is not even read for a server that wants none", async () => {
    await start();
    await call("search", { query: "1" });
    expect(asked).toEqual([]);
    expect(JSON.stringify(server.seen)).not.toContain(TOKEN);
  });

  test("that is refused ends the task, and no message says it", async () => {
    await start({ token: "another" });
    for (const request of [
      connection.list(docs({ auth: "bearer" }), never),
      call("search", {}, { auth: "bearer" }),
    ]) {
      const failure = await failureOf(request);
      expect(failure).toBeInstanceOf(TerminalError);
      expect(failure).toMatchObject({
        failureName: "ToolServerRefused",
        message:
          "the MCP server \"docs\" does not take the agent's credential (401); check mcp.docs in the agent's secret",
      });
    }
  });

  test("that is wanted and not declared is said to be missing", async () => {
    await start({ token: TOKEN });
    const failure = await failureOf(connection.list(docs(), never));
    expect(failure.message).toContain("wants a credential (401)");
  });

  test("that is not in the secret fails as SecretUnavailable", async () => {
    await start();
    connection = createMcpToolServers(async () => {
      throw new TerminalError("SecretUnavailable", "`mcp.docs` in the agent's secret is missing");
    });
    const failure = await failureOf(connection.list(docs({ auth: "bearer" }), never));
    expect(failure).toMatchObject({ failureName: "SecretUnavailable" });
  });

  test("is cut out of what a server says: results, errors and failures", async () => {
    await start({
      token: TOKEN,
      tools: (mcp) => {
        mcp.registerTool("echo", { description: "Says what it was told." }, async () => ({
          content: [{ type: "text", text: `your token is ${TOKEN}` }],
        }));
        mcp.registerTool("fail", { description: "Fails." }, async () => {
          throw new Error(`bad token ${TOKEN}`);
        });
      },
    });
    const results = [await call("echo", {}, { auth: "bearer" }), await call("fail", {}, { auth: "bearer" })];
    server.intercept = (seen, _, response) => {
      if (seen.rpc === "tools/call") response.writeHead(500).end(`oops ${TOKEN}`);
      return seen.rpc === "tools/call";
    };
    const failure = await failureOf(call("echo", {}, { auth: "bearer" }));
    expect(JSON.stringify([results, failure.message])).not.toContain(TOKEN);
    expect(results[0]?.content).toBe("your token is [concealed]");
  });

  test("does not follow a redirect", async () => {
    await start({ token: TOKEN });
    const other = await McpTestServer.start();
    server.intercept = (_, __, response) => {
      response.writeHead(307, { location: other.url }).end();
      return true;
    };
    const failure = await failureOf(connection.list(docs({ auth: "bearer" }), never));
    expect(["ToolServerRefused", "ToolServerUnavailable"]).toContain(failure.failureName);
    expect(other.seen).toEqual([]);
    await other.stop();
  });
});

describe("a server in trouble", () => {
  test.each([
    [500, "ToolServerUnavailable", RetryableError],
    [503, "ToolServerUnavailable", RetryableError],
    [429, "ToolServerUnavailable", RetryableError],
    [404, "ToolServerRefused", TerminalError],
    [403, "ToolServerRefused", TerminalError],
  ])("that answers %i", async (status, failureName, kind) => {
    await start();
    server.intercept = (_, __, response) => {
      response.writeHead(status).end("<html>a long story</html>");
      return true;
    };
    const failure = await failureOf(connection.list(docs(), never));
    expect(failure).toBeInstanceOf(kind);
    expect(failure).toMatchObject({ failureName, message: expect.stringContaining(String(status)) });
    expect(failure.message).not.toContain("story");
  });

  test("that is not there", async () => {
    await start();
    await server.stop();
    const failure = await failureOf(connection.list(docs(), never));
    expect(failure).toMatchObject({
      failureName: "ToolServerUnavailable",
      message: 'the MCP server "docs" cannot be reached (ECONNREFUSED)',
    });
    await server.listen();
    expect(await connection.list(docs(), never)).toHaveLength(6);
  });

  test("that is no MCP server", async () => {
    await start();
    server.intercept = (_, __, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<html>Welcome</html>");
      return true;
    };
    const failure = await failureOf(connection.list(docs(), never));
    expect(failure).toMatchObject({
      failureName: "ToolServerRefused",
      message: expect.stringContaining("does not speak the protocol"),
    });
  });

  test("that ends its stream without an answer", async () => {
    await start();
    await connection.list(docs(), never);
    server.intercept = (seen, _, response) => {
      if (seen.rpc !== "tools/call") return false;
      response.writeHead(200, { "content-type": "text/event-stream" }).end(": nothing\n\n");
      return true;
    };
    const failure = await failureOf(call("search", { query: "1" }));
    expect(failure).toMatchObject({
      failureName: "ToolServerUnavailable",
      message: expect.stringContaining("ended without an answer"),
    });
  });

  test("that dies in the middle of a call, which is not repeated", async () => {
    await start();
    await connection.list(docs(), never);
    server.intercept = (seen, request) => {
      if (seen.rpc === "tools/call") request.socket.destroy();
      return seen.rpc === "tools/call";
    };
    const failure = await failureOf(call("search", { query: "1" }));
    expect(failure).toMatchObject({ failureName: "ToolServerUnavailable" });
    expect(server.rpcs.filter((rpc) => rpc === "tools/call")).toHaveLength(1);
  });

  test("that forgets its sessions again and again is asked twice and no more", async () => {
    await start();
    await connection.list(docs(), never);
    server.intercept = (seen, _, response) => {
      if (seen.rpc === "tools/call") response.writeHead(404).end();
      return seen.rpc === "tools/call";
    };
    expect(await failureOf(call("search", { query: "1" }))).toMatchObject({
      failureName: "ToolServerRefused",
    });
    expect(server.rpcs.filter((rpc) => rpc === "tools/call")).toHaveLength(2);
  });

  test("whose list never ends", async () => {
    await start();
    let pages = 0;
    server.intercept = (seen, request, response) => {
      if (seen.rpc !== "tools/list") return false;
      pages += 1;
      void request;
      response.writeHead(200, { "content-type": "application/json" }).end(
        JSON.stringify({
          jsonrpc: "2.0",
          id: seen.id,
          result: {
            tools: [{ name: `t${pages}`, inputSchema: { type: "object" } }],
            nextCursor: String(pages),
          },
        }),
      );
      return true;
    };
    expect(await failureOf(connection.list(docs(), never))).toMatchObject({
      failureName: "ToolServerRefused",
    });
    expect(pages).toBeLessThanOrEqual(LIMITS.servedListPagesMax);
  });
});

test("a session is ended with its task, and nothing listens for what a server says unasked", async () => {
  await start();
  await connection.list(docs(), never);
  await connection.close();
  expect(server.deleted).toHaveLength(1);
  expect(server.seen.filter(({ method }) => method === "GET")).toEqual([]);
});

test("closing never rejects, also when the server is gone", async () => {
  await start();
  await connection.list(docs(), never);
  await server.stop();
  await connection.close();
  await connection.close();
});

test("progress, logs and changed lists are let pass", async () => {
  await start({
    tools: (mcp) => {
      standardTools(mcp);
      mcp.registerTool("chatty", { description: "Says much." }, async (extra) => {
        await extra.mcpReq.notify({ method: "notifications/tools/list_changed" });
        await extra.mcpReq.notify({
          method: "notifications/message",
          params: { level: "info", data: "working" },
        });
        return { content: [{ type: "text", text: "done" }] };
      });
    },
  });
  expect(await call("chatty")).toEqual({ content: "done", isError: false });
});
