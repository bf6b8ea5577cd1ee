import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cut } from "../../../../infra/local/model-server/faults.ts";
import { hashOfKey, readLedger } from "../../../../infra/local/model-server/ledger.ts";
import { defineScript } from "../../../../infra/local/model-server/script.ts";
import { createModelServer, type ModelServer } from "../../../../infra/local/model-server/server.ts";

const thinker = defineScript({
  name: "thinker",
  agents: {
    coder: (context) => ({
      thinking: `Thought ${context.turn}.`,
      calls: [{ name: "look", input: { at: context.turn } }],
    }),
  },
});

let server: ModelServer;
beforeAll(async () => {
  server = await createModelServer();
  server.addScript(thinker);
});
afterAll(() => server.stop());

type Json = Record<string, unknown>;

const HEADERS = { authorization: "Bearer a-key-of-tests", "anthropic-version": "2026-10-21" };

const valid: Json = {
  model: "claude-sonnet-5-5",
  max_tokens: 100,
  system: 'You are the agent "coder".',
  messages: [{ role: "user", content: "Hello. [[quick]]" }],
};

const post = async (body: Json | string, headers: Record<string, string> = HEADERS) => {
  const response = await fetch(`${server.url}/v1/messages`, {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Json };
};

const messageOf = ({ body }: { body: Json }): string =>
  String((body["error"] as Json | undefined)?.["message"]);

const toolUse = { type: "tool_use", id: "toolu_1", name: "look", input: {} };
const toolResult = { type: "tool_result", tool_use_id: "toolu_1", content: "seen" };
const asked = { role: "user", content: "Look." };
const looks = { role: "assistant", content: [toolUse] };

describe("refuses with 401", () => {
  test.each([
    ["no key", { "anthropic-version": "2026-10-21" }],
    ["an empty key", { ...HEADERS, authorization: "Bearer " }],
    ["two keys", { ...HEADERS, "x-api-key": "another" }],
    ["a key of another scheme", { ...HEADERS, authorization: "Basic abc" }],
  ])("%s", async (_, headers) => {
    const { status, body } = await post(valid, headers);
    expect(status).toBe(401);
    expect(body).toMatchObject({ type: "error", error: { type: "authentication_error" } });
  });
});

test("takes the key as bearer token or as x-api-key", async () => {
  expect((await post(valid)).status).toBe(200);
  expect((await post(valid, { "x-api-key": "k", "anthropic-version": "2023-06-01" })).status).toBe(200);
});

describe("refuses with 400", () => {
  const cases: ReadonlyArray<readonly [string, Json | string, string]> = [
    ["a body that is not JSON", '{"a":', "not valid JSON"],
    ["a body that is no object", "[]", "not a JSON object"],
    ["an unknown field", { ...valid, agnet: 1 }, "agnet: Extra inputs"],
    ["a temperature, even the default one", { ...valid, temperature: 1 }, "temperature"],
    ["top_p", { ...valid, top_p: 0.9 }, "top_p"],
    ["top_k", { ...valid, top_k: 5 }, "top_k"],
    ["forced tool use", { ...valid, tool_choice: { type: "any" } }, "tool_choice"],
    ["a forced tool", { ...valid, tool_choice: { type: "tool", name: "look" } }, "tool_choice"],
    ["no max_tokens", { ...valid, max_tokens: undefined }, "max_tokens"],
    ["max_tokens 0", { ...valid, max_tokens: 0 }, "max_tokens"],
    ["no model", { ...valid, model: undefined }, "model"],
    ["no messages", { ...valid, messages: [] }, "at least one message"],
    ["empty content", { ...valid, messages: [{ role: "user", content: "" }] }, "non-whitespace"],
    ["no content blocks", { ...valid, messages: [{ role: "user", content: [] }] }, "non-empty"],
    [
      "an assistant first",
      { ...valid, messages: [{ role: "assistant", content: "Hi" }] },
      "roles must alternate",
    ],
    ["two users in a row", { ...valid, messages: [asked, asked] }, "roles must alternate"],
    ["prefill", { ...valid, messages: [asked, { role: "assistant", content: "Sure," }] }, "prefill"],
    ["an unanswered tool_use", { ...valid, messages: [asked, looks, asked] }, "without tool_result: toolu_1"],
    [
      "a tool_result without tool_use",
      { ...valid, messages: [{ role: "user", content: [toolResult] }] },
      "unexpected tool_use_id",
    ],
    [
      "two results of one tool_use",
      { ...valid, messages: [asked, looks, { role: "user", content: [toolResult, toolResult] }] },
      "single result",
    ],
    [
      "text before the results",
      {
        ...valid,
        messages: [asked, looks, { role: "user", content: [{ type: "text", text: "So:" }, toolResult] }],
      },
      "must come first",
    ],
    [
      "a tool input that is no object",
      { ...valid, messages: [asked, { role: "assistant", content: [{ ...toolUse, input: "x" }] }, asked] },
      "valid dictionary",
    ],
    [
      "an image from the assistant",
      { ...valid, messages: [asked, { role: "assistant", content: [{ type: "image" }] }, asked] },
      "not allowed",
    ],
    ["two tools of one name", { ...valid, tools: [tool("look"), tool("look")] }, "unique"],
    ["a tool with spaces", { ...valid, tools: [tool("look here")] }, "invalid name"],
    ["an empty system block", { ...valid, system: [{ type: "text", text: "" }] }, "non-empty"],
    [
      "five breakpoints",
      {
        ...valid,
        system: Array.from({ length: 5 }, () => ({
          type: "text",
          text: "x",
          cache_control: { type: "ephemeral" },
        })),
      },
      "at most 4",
    ],
  ];
  test.each(cases)("%s", async (_, body, expected) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ type: "error", error: { type: "invalid_request_error" } });
    expect(messageOf(answer)).toContain(expected);
    expect(server.ledger().at(-1)).toMatchObject({ status: 400, paid: false, completed: false });
  });

  test("a request without anthropic-version, or with one that never was", async () => {
    expect(messageOf(await post(valid, { authorization: "Bearer k" }))).toContain("header is required");
    expect((await post(valid, { ...HEADERS, "anthropic-version": "2025-01-01" })).status).toBe(400);
  });
});

function tool(name: string): Json {
  return { name, description: "Looks.", input_schema: { type: "object" } };
}

describe("thinking is bound to all that came before it", () => {
  const begin = {
    ...valid,
    tools: [tool("look")],
    messages: [{ role: "user", content: "Think. [[thinker]]" }],
  };

  const continued = async (request: Json): Promise<Json> => {
    const { body } = await post(request);
    const content = body["content"] as Json[];
    const call = content.find(({ type }) => type === "tool_use");
    const result = { type: "tool_result", tool_use_id: call?.["id"], content: "seen" };
    return {
      ...request,
      messages: [
        ...(request["messages"] as Json[]),
        { role: "assistant", content },
        { role: "user", content: [result] },
      ],
    };
  };

  test("an unchanged prefix is taken, turn after turn, with breakpoints or without", async () => {
    const third = await continued(await continued(begin));
    expect((await post(third)).status).toBe(200);
    const system = [{ type: "text", text: valid["system"], cache_control: { type: "ephemeral" } }];
    expect((await post({ ...third, system })).status).toBe(200);
  });

  test.each([
    ["system prompt", (request: Json) => ({ ...request, system: 'You are the agent "coder". Hurry.' })],
    ["model", (request: Json) => ({ ...request, model: "claude-opus-5-5" })],
    ["tools", (request: Json) => ({ ...request, tools: [tool("look"), tool("hear")] })],
    ["first message", (request: Json) => edited(request, 0, "Think. [[thinker]]", "Think hard. [[thinker]]")],
    ["thinking itself", (request: Json) => edited(request, 1, "Thought 1.", "Thought one.")],
    ["tool result", (request: Json) => edited(request, 2, "seen", "overlooked")],
  ])("a changed %s is refused", async (_, change) => {
    const third = await continued(await continued(begin));
    const answer = await post(change(third));
    expect(answer.status).toBe(400);
    expect(messageOf(answer)).toContain("Invalid `signature` in `thinking` block");
  });

  const edited = (request: Json, index: number, from: string, to: string): Json => ({
    ...request,
    messages: (request["messages"] as Json[]).map((message, at) =>
      at === index ? JSON.parse(JSON.stringify(message).replace(from, to)) : message,
    ),
  });
});

describe("chooses the turn", () => {
  const textFor = async (text: string, agent = "coder"): Promise<string> => {
    const system = [{ type: "text", text: `You are the agent "${agent}". Be brief.` }];
    const { body } = await post({ ...valid, system, messages: [{ role: "user", content: text }] });
    return JSON.stringify(body["content"]);
  };

  test("by the marker, wherever it stands in the first user message", async () => {
    expect(await textFor("Before [[single]] after", "planner")).toContain("Release on Tuesday");
  });

  test("of the standard script, when there is no marker or none that is known", async () => {
    expect(await textFor("What is [[Prototype]] in JavaScript, and [[nobody-knows]]?")).toContain(
      "one small class",
    );
  });

  test("of an agent that no script knows, by saying its task back in a sentence", async () => {
    expect(await textFor("Find it. Then stop. [[quick]]", "researcher")).toContain(
      "The agent researcher has done its task: Find it.",
    );
    expect(await textFor("constructor [[quick]]", "constructor")).toContain("The agent constructor");
  });

  test("and says so when the script has no such turn", async () => {
    const messages = [asked, { role: "assistant", content: "Hi." }, { role: "user", content: "And?" }];
    const system = 'You are the agent "planner".';
    const quick = [{ role: "user", content: "[[quick]]" }, ...messages.slice(1)];
    const { body } = await post({ ...valid, system, messages: quick });
    expect(JSON.stringify(body["content"])).toContain("has no turn 2 for planner");
  });
});

describe("the ledger", () => {
  test("knows who asked, with whose key, and what was paid", async () => {
    await post(valid);
    expect(server.ledger().at(-1)).toMatchObject({
      agent: "coder",
      script: "quick",
      turn: 1,
      keyHash: hashOfKey("a-key-of-tests"),
      keyEnd: "ests",
      status: 200,
      stopReason: "tool_use",
      calls: ["handoff"],
      paid: true,
    });
    await expect.poll(() => server.ledger().at(-1)?.completed).toBe(true);
    const overHttp = await (await fetch(`${server.url}/_ledger`)).json();
    expect(overHttp).toEqual(server.ledger());
    expect(JSON.stringify(overHttp)).not.toContain("a-key-of-tests");
  });

  test("is on disk before the answer is, and goes on after a restart", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ledger-"));
    const ledgerFile = join(folder, "ledger.jsonl");
    const broken = defineScript({ name: "broken", agents: { coder: [{ text: "Half.", faults: [cut()] }] } });
    const first = await createModelServer({ ledgerFile, scripts: [broken], defaultScript: "broken" });
    const body = JSON.stringify({ ...valid, stream: true });
    const response = await fetch(`${first.url}/v1/messages`, { method: "POST", headers: HEADERS, body });
    expect(response.status).toBe(200);
    expect(readLedger(ledgerFile)).toMatchObject([{ n: 1, paid: true, fault: "cut", completed: false }]);
    await response.text().catch(() => "cut");
    await first.stop();
    const second = await createModelServer({ ledgerFile, scripts: [broken], defaultScript: "broken" });
    await (await fetch(`${second.url}/v1/messages`, { method: "POST", headers: HEADERS, body: "{}" })).text();
    expect(second.ledger().map(({ n }) => n)).toEqual([1, 2]);
    await second.stop();
    rmSync(folder, { recursive: true });
  });
});

test("an unknown route is 404 in the API's error shape", async () => {
  const response = await fetch(`${server.url}/v1/complete`, { method: "POST" });
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ type: "error", error: { type: "not_found_error" } });
});

test("stop cuts what is under way and frees the port", async () => {
  const slow = defineScript({ name: "slow", agents: { coder: [{ text: "Late.", latencyMs: 60_000 }] } });
  const short = await createModelServer({ scripts: [slow], defaultScript: "slow" });
  const call = fetch(`${short.url}/v1/messages`, {
    method: "POST",
    headers: HEADERS,
    body: JSON.stringify(valid),
  });
  const outcome = call.then(
    () => "answered",
    () => "cut",
  );
  await expect.poll(() => short.ledger().length).toBe(1);
  await short.stop();
  expect(await outcome).toBe("cut");
  const again = await createModelServer({ port: Number(new URL(short.url).port) });
  await again.stop();
});

test("it listens on 127.0.0.1 unless it is told another host", async () => {
  expect(new URL(server.url).hostname).toBe("127.0.0.1");
  const named = await createModelServer({ host: "localhost" });
  expect(new URL(named.url).hostname).toBe("localhost");
  expect((await fetch(`${named.url}/_ledger`)).status).toBe(200);
  await named.stop();
  await expect(createModelServer({ host: "192.0.2.1" })).rejects.toThrow("EADDRNOTAVAIL");
});

test("runs as a process of its own, says when it is ready, and ends on SIGTERM", {
  timeout: 20_000,
}, async () => {
  const main = fileURLToPath(new URL("../../../../infra/local/model-server/main.ts", import.meta.url));
  const child = spawn(process.execPath, [main, "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const url = /^ready (http:\/\/127\.0\.0\.1:\d+)\n/.exec(line.toString())?.[1];
  const response = await fetch(`${url}/v1/messages`, {
    method: "POST",
    headers: HEADERS,
    body: JSON.stringify(valid),
  });
  expect(response.status).toBe(200);
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
});
