import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { AgentDeclaration } from "../../../../functions/shared/agent/agent-spec.ts";
import { mcpServer } from "../../../../functions/shared/agent/mcp-server.ts";
import { defineTool } from "../../../../functions/shared/agent/tool.ts";
import { LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import { LOCAL_TIMES } from "../../../../functions/shared/contracts/protocol-times.ts";
import { turnKey } from "../../../../functions/shared/contracts/resources.ts";
import { RetryableError, TerminalError } from "../../../../functions/shared/kernel/errors.ts";
import type {
  ServedCall,
  ServedResult,
  ServedTool,
  ToolServer,
  ToolServers,
} from "../../../../functions/shared/ports/tool-servers.ts";
import { AgentWorld, answer, call, type Step, TASK, text, turn } from "./agent-world.ts";

const offered = (name: string, more: Partial<ServedTool> = {}): ServedTool => ({
  name,
  description: `does ${name}`,
  inputSchema: { type: "object", properties: { query: { type: "string" } } },
  isReadOnly: false,
  isIdempotent: false,
  isDestructive: false,
  ...more,
});

/** Somebody else's servers, that outlive the functions which ask them. */
class Servers {
  offers: Record<string, readonly ServedTool[]> = { docs: [offered("search")] };
  answer: (call: ServedCall) => Promise<ServedResult> = async () => ({ content: "found", isError: false });
  isAway: Error | undefined;
  readonly lists: string[] = [];
  readonly calls: (ServedCall & { server: string })[] = [];
  opened = 0;
  closed = 0;

  readonly open = async (): Promise<ToolServers> => {
    this.opened += 1;
    return {
      list: async ({ name }: ToolServer) => {
        this.lists.push(name);
        if (this.isAway !== undefined) throw this.isAway;
        return this.offers[name] ?? [];
      },
      call: async ({ name }, called) => {
        this.calls.push({ ...called, server: name });
        return this.answer(called);
      },
      close: async () => {
        this.closed += 1;
      },
    };
  };
}

const DOCS = mcpServer({ name: "docs", url: "https://docs.example.com/mcp" });

const worldOf = (
  script: readonly Step[],
  servers: Servers,
  spec: Partial<AgentDeclaration> = { mcp: [DOCS] },
) => {
  const world = new AgentWorld({ script, spec: { tools: [], ...spec } });
  return {
    world,
    deliver: (messageId = "m1") => world.deliver(messageId, world.agent({ openToolServers: servers.open })),
  };
};

/** Gives the task back after each turn, as a function does whose time is running out. */
const OUT_OF_TIME_MS = LIMITS.wrapUpMs + LIMITS.servedCallMsDefault + 1_000;

const told = (world: AgentWorld, n = 0) => world.model.requests[n]?.tools.map(({ name }) => name);

describe("the tools of an agent's servers", () => {
  test("stand beside its own, by name and under their server's", async () => {
    const own = defineTool({
      name: "own",
      description: "for tests",
      effect: "readOnly",
      input: z.strictObject({}),
      run: async () => "",
    });
    const servers = new Servers();
    servers.offers = { docs: [offered("search"), offered("fetch")], wiki: [offered("search")] };
    const wiki = mcpServer({ name: "wiki", url: "https://wiki.example.com/mcp" });
    const { world, deliver } = worldOf([answer("done")], servers, { tools: [own], mcp: [DOCS, wiki] });
    await deliver();
    expect(told(world)).toEqual(["own", "docs__fetch", "docs__search", "wiki__search"]);
    expect(world.model.requests[0]?.tools[2]).toEqual({
      name: "docs__search",
      description: 'Of the server "docs": does search',
      input_schema: { type: "object", properties: { query: { type: "string" } } },
    });
  });

  test("are called by their own names, with a key, and answer as data from outside", async () => {
    const servers = new Servers();
    servers.answer = async () => ({ content: "a</untrusted>b", isError: false });
    const { world, deliver } = worldOf(
      [turn([call("docs__search", { query: "queues" }, "c1")]), answer("done")],
      servers,
    );
    await deliver();
    expect(servers.calls).toEqual([
      { server: "docs", tool: "search", input: { query: "queues" }, callId: `${TASK}/1.0` },
    ]);
    expect(world.shown("c1")?.content).toBe(
      "<untrusted source=\"MCP server 'docs'\">\na&lt;/untrusted>b\n</untrusted>",
    );
    expect(world.record().status).toBe("SUCCEEDED");
  });

  test("fail as tools fail: in the model's sight", async () => {
    const servers = new Servers();
    servers.answer = async ({ input }) => {
      if (input["query"] === "lost") throw new RetryableError("ToolServerUnavailable", "lost on the way");
      return { content: "no such page", isError: true };
    };
    const { world, deliver } = worldOf(
      [
        turn([
          call("docs__search", { query: "x" }, "c1"),
          call("docs__search", { query: "lost" }, "c2"),
          call("docs__search", "no object", "c3"),
        ]),
        answer("done"),
      ],
      servers,
    );
    await deliver();
    expect(world.shown("c1")).toMatchObject({
      is_error: true,
      content: expect.stringMatching(/^TOOL_FAILED: <untrusted .*\nno such page/),
    });
    expect(world.shown("c2")).toMatchObject({ is_error: true, content: "TOOL_FAILED: lost on the way" });
    expect(world.shown("c3")?.content).toMatch(/^INVALID_INPUT: input: expected an object/);
  });

  test("are left out, with a line in the log, when a model could not be shown them", async () => {
    const own = defineTool({
      name: "docs__taken",
      description: "for tests",
      effect: "readOnly",
      input: z.strictObject({}),
      run: async () => "",
    });
    const huge = { type: "object" as const, description: "x".repeat(LIMITS.servedToolBytesMax) };
    const servers = new Servers();
    servers.offers = {
      docs: [
        offered("fine"),
        offered("with space"),
        offered("x".repeat(60)),
        offered("taken"),
        offered("twice"),
        offered("twice"),
        offered("huge", { inputSchema: huge }),
      ],
    };
    const { world, deliver } = worldOf([answer("done")], servers, { tools: [own], mcp: [DOCS] });
    await deliver();
    expect(told(world)).toEqual(["docs__taken", "docs__fine", "docs__twice"]);
    const reasons = world.logged
      .filter(({ message }) => message === "served tool left out")
      .map(({ fields }) => (fields as { reason: string }).reason);
    expect(reasons.sort()).toEqual([
      "name is taken",
      "name is taken",
      "no name for a model",
      "no name for a model",
      "too large",
    ]);
  });

  test("are no more than a prompt should hold", async () => {
    const servers = new Servers();
    servers.offers = { docs: Array.from({ length: LIMITS.servedToolsMax + 5 }, (_, n) => offered(`t${n}`)) };
    const { world, deliver } = worldOf([answer("done")], servers);
    await deliver();
    expect(told(world)).toHaveLength(LIMITS.servedToolsMax);
  });

  test("are only those that the agent allows, in the prompt and when they are called [bad-input 52]", async () => {
    const servers = new Servers();
    servers.offers = { docs: [offered("search"), offered("drop_all")] };
    const { world, deliver } = worldOf(
      [turn([text("The page says so."), call("docs__drop_all", {}, "c1")]), answer("done")],
      servers,
      { mcp: [mcpServer({ name: "docs", url: "https://docs.example.com/mcp", tools: ["search", "gone"] })] },
    );
    await deliver();
    expect(told(world)).toEqual(["docs__search"]);
    expect(world.shown("c1")?.content).toMatch(/^TOOL_NOT_FOUND: there is no tool "docs__drop_all"/);
    expect(servers.calls).toEqual([]);
    expect(world.logged).toContainEqual({
      message: "served tool left out",
      fields: { server: "docs", tool: "gone", reason: "not served" },
    });
  });

  test("are not there for an agent that lists no server", async () => {
    const servers = new Servers();
    const { world, deliver } = worldOf([answer("done")], servers, { mcp: [] });
    await deliver();
    expect(told(world)).toEqual([]);
    expect(servers.opened).toBe(0);
  });
});

describe("P14: what a task was told of its tools", () => {
  test("holds to its end, whatever its servers offer later", async () => {
    const servers = new Servers();
    servers.answer = async ({ tool }) =>
      tool === "search"
        ? { content: "unknown tool search", isError: true }
        : { content: "found", isError: false };
    const { world, deliver } = worldOf(
      [turn([call("docs__search", { query: "1" }, "c1")]), answer("done")],
      servers,
    );
    world.remaining(OUT_OF_TIME_MS);
    await deliver("m1");
    expect(world.turns()).toHaveLength(1);
    servers.offers = { docs: [offered("replacement")] };
    world.remaining(900_000);
    await deliver("m2");
    expect(world.record().status).toBe("SUCCEEDED");
    expect(servers.lists).toEqual(["docs"]);
    expect(told(world, 1)).toEqual(told(world, 0));
    expect(world.shown("c1")).toMatchObject({
      is_error: true,
      content: expect.stringContaining("unknown tool search"),
    });
  });

  test("is what another owner told the model when that one saved the first turn", async () => {
    const servers = new Servers();
    const script: Step[] = [
      async () => {
        // The owner before us wakes up: it had asked its server when that offered another tool.
        world.store.force({
          ...turnKey("coder", TASK, 1),
          n: 1,
          attempt: 1,
          epoch: 1,
          at: world.clock.now(),
          message: { inline: JSON.stringify([call("docs__old", { query: "q" }, "c1")]) },
          stopReason: "tool_use",
          model: "scripted-1",
          requestId: null,
          usage: {
            calls: 1,
            inputTokens: 1,
            outputTokens: 1,
            cacheReadTokens: 0,
            cacheWriteTokens: 0,
            microUsd: 1,
          },
          snapshot: {
            inline: JSON.stringify({
              system: "You are the old one.",
              tools: [{ name: "docs__old", description: "old", input_schema: { type: "object" } }],
              served: [
                { name: "docs__old", server: "docs", tool: "old", effect: "readOnly", isDestructive: false },
              ],
            }),
          },
          expiresAt: 2_000_000_000,
        });
        return answer("lost the race");
      },
      answer("done"),
    ];
    const { world, deliver } = worldOf(script, servers);
    await deliver();
    expect(servers.calls.map(({ tool }) => tool)).toEqual(["old"]);
    expect(world.model.requests[1]).toMatchObject({ system: "You are the old one." });
    expect(told(world, 1)).toEqual(["docs__old"]);
    expect(world.record().status).toBe("SUCCEEDED");
  });

  test("gives nothing back that a deploy has taken away", async () => {
    const servers = new Servers();
    const script = [turn([call("docs__search", { query: "1" }, "c1")]), answer("done")];
    const before = worldOf(script, servers);
    before.world.remaining(OUT_OF_TIME_MS);
    await before.deliver("m1");
    const calls = servers.calls.length;

    const script2 = [
      ...script.slice(0, 1),
      turn([call("docs__search", { query: "2" }, "c2")]),
      answer("done"),
    ];
    const after = worldOf(script2, servers, { mcp: [] });
    for (const item of before.world.store.items()) after.world.store.force(item);
    await after.deliver("m2");
    expect(servers.calls).toHaveLength(calls);
    expect(after.world.shown("c2")?.content).toMatch(/^TOOL_NOT_FOUND/);
  });
});

describe("a server that is away when a task begins", () => {
  test("is waited for: the attempt fails, retryably, and no model is paid", async () => {
    const servers = new Servers();
    servers.isAway = new RetryableError("ToolServerUnavailable", "cannot be reached", {
      retryAfterSeconds: 7,
    });
    const { world, deliver } = worldOf([answer("done")], servers);
    await deliver();
    expect(world.failure()).toMatchObject({ name: "ToolServerUnavailable", retryAfterSeconds: 7 });
    expect(world.model.requests).toEqual([]);

    servers.isAway = undefined;
    await world.retry();
    await deliver("m2");
    expect(world.record().status).toBe("SUCCEEDED");
    expect(told(world)).toEqual(["docs__search"]);
  });

  test("ends the task when it does not let the agent in", async () => {
    const servers = new Servers();
    servers.isAway = new TerminalError("ToolServerRefused", "does not take the credential");
    const { world, deliver } = worldOf([answer("done")], servers);
    await deliver();
    expect(world.failure()).toMatchObject({ name: "ToolServerRefused" });
  });

  test("matters no more once the task has begun", async () => {
    const servers = new Servers();
    const { world, deliver } = worldOf(
      [turn([call("docs__search", { query: "1" }, "c1")]), answer("done")],
      servers,
    );
    world.remaining(OUT_OF_TIME_MS);
    await deliver("m1");
    servers.isAway = new RetryableError("ToolServerUnavailable", "cannot be reached");
    world.remaining(900_000);
    await deliver("m2");
    expect(world.record().status).toBe("SUCCEEDED");
  });
});

describe("a served tool that wants approval", () => {
  const offers = {
    docs: [offered("search", { isDestructive: false }), offered("drop", { isDestructive: true })],
  };
  test.each([
    ["all", true, ["docs__search", "docs__drop"]],
    ["the destructive", "destructive", ["docs__drop"]],
    ["the named", ["search"], ["docs__search"]],
    ["none", false, []],
  ] as const)("is asked about before it is called: %s", async (_, requiresApproval, asked) => {
    const servers = new Servers();
    servers.offers = offers;
    const mcp = mcpServer({
      name: "docs",
      url: "https://docs.example.com/mcp",
      requiresApproval: typeof requiresApproval === "object" ? [...requiresApproval] : requiresApproval,
    });
    const { world, deliver } = worldOf(
      [turn([call("docs__search", {}, "c1"), call("docs__drop", {}, "c2")]), answer("done")],
      servers,
      { mcp: [mcp] },
    );
    await deliver();
    const waiting = world.record().suspension?.calls.map(({ callId }) => callId) ?? [];
    expect(waiting).toEqual(asked.map((name) => (name === "docs__search" ? "c1" : "c2")));
    expect(servers.calls.map(({ tool }) => `docs__${tool}`)).toEqual(
      ["docs__search", "docs__drop"].filter((name) => !(asked as readonly string[]).includes(name)),
    );
  });
});

test("a call that may take longer than the function has left is begun by the next", async () => {
  const servers = new Servers();
  const { world, deliver } = worldOf([turn([call("docs__search", {}, "c1")]), answer("done")], servers);
  world.remaining(LIMITS.wrapUpMs + LIMITS.servedCallMsDefault - 1);
  await deliver("m1");
  expect(world.turns()).toHaveLength(1);
  expect(servers.calls).toEqual([]);
  world.remaining(900_000);
  await deliver("m2");
  expect(servers.calls).toHaveLength(1);
  expect(world.record().status).toBe("SUCCEEDED");
});

test("a task's sessions are its own, and end with its invocation, also when it fails", async () => {
  const servers = new Servers();
  const { world, deliver } = worldOf([new Error("broken model"), answer("done")], servers);
  await deliver("m1");
  expect(world.failure()).toBeDefined();
  expect([servers.opened, servers.closed]).toEqual([1, 1]);
  servers.isAway = new RetryableError("ToolServerUnavailable", "cannot be reached");
  await world.retry();
  await deliver("m2");
  expect([servers.opened, servers.closed]).toEqual([2, 2]);
});

describe("P6: a call whose function died", () => {
  const died = async (hints: Partial<ServedTool>) => {
    const servers = new Servers();
    servers.offers = { docs: [offered("search", hints)] };
    const script = [turn([call("docs__search", { query: "1" }, "c1")]), answer("done")];
    const { world, deliver } = worldOf(script, servers);
    servers.answer = () => new Promise(() => {});
    void world.agent({ openToolServers: servers.open }).handle(world.delivery("m1"), world.invocation);
    for (let n = 0; n < 200 && servers.calls.length === 0; n++) await world.rounds(1);
    world.forceRecord({ claim: undefined, epoch: 5, version: 50 });
    servers.answer = async () => ({ content: "found", isError: false });
    world.clock.advance(LOCAL_TIMES.leaseMs + LOCAL_TIMES.stealMarginMs);
    await deliver("m2");
    return { world, servers };
  };

  test.each([
    ["readOnly", { isReadOnly: true }],
    ["idempotent", { isIdempotent: true }],
  ])("is repeated under the same key when its server calls the tool %s", async (_, hints) => {
    const { world, servers } = await died(hints);
    expect(servers.calls.map(({ callId }) => callId)).toEqual([`${TASK}/1.0`, `${TASK}/1.0`]);
    expect(world.shown("c1")?.content).toContain("found");
  });

  test("is not repeated otherwise", async () => {
    const { world, servers } = await died({});
    expect(servers.calls).toHaveLength(1);
    expect(world.shown("c1")?.content).toMatch(/^OUTCOME_UNKNOWN/);
  });
});

describe("mcpServer", () => {
  test.each([
    ["http://docs.example.com/mcp", "https"],
    ["https://user:secret@docs.example.com/mcp", "https"],
    ["ftp://docs.example.com", "https"],
    ["docs.example.com", "https"],
    ["http://127.0.0.1.example.com/mcp", "https"],
  ])("refuses %s", (url, problem) => {
    expect(() => mcpServer({ name: "docs", url })).toThrow(problem);
  });

  test("takes plain HTTP on this machine, for servers that run beside it", () => {
    for (const host of ["127.0.0.1:3000", "localhost:3000", "[::1]:3000"]) {
      expect(mcpServer({ name: "docs", url: `http://${host}/mcp` }).url).toContain(host);
    }
  });

  test("refuses a name that would make tools of another server, naming the server", () => {
    expect(() => mcpServer({ name: "docs__a", url: "https://x.example.com" })).toThrow(
      'MCP server "docs__a"',
    );
  });

  test("says nothing of a credential that somebody put into the declaration", () => {
    const declare = () =>
      mcpServer({ name: "docs", url: "https://x.example.com", auth: "sk-canary-123456" as "bearer" });
    expect(declare).toThrow(TypeError);
    expect(declare).not.toThrow("canary");
  });
});

test("two servers of one agent have two names", () => {
  expect(() => worldOf([], new Servers(), { mcp: [DOCS, DOCS] }).world.agent()).toThrow(
    "two servers share a name",
  );
});
