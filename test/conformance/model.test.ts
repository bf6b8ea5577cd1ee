import { getEventListeners } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type AnthropicModelOptions,
  createAnthropicModel,
} from "../../functions/shared/adapters/anthropic-model.ts";
import { systemClock } from "../../functions/shared/adapters/system-clock.ts";
import { isText, isToolUse, type ModelMessage } from "../../functions/shared/contracts/model-message.ts";
import { NO_USAGE, totalTokens } from "../../functions/shared/contracts/usage.ts";
import { RetryableError, TerminalError } from "../../functions/shared/kernel/errors.ts";
import { RetryableModelError, TerminalModelError } from "../../functions/shared/kernel/model-call-error.ts";
import type { Clock } from "../../functions/shared/ports/clock.ts";
import type { ModelRequest } from "../../functions/shared/ports/model.ts";
import * as fault from "../../infra/local/model-server/faults.ts";
import { hashOfKey } from "../../infra/local/model-server/ledger.ts";
import type { Turn } from "../../infra/local/model-server/script.ts";
import { createModelServer, type ModelServer } from "../../infra/local/model-server/server.ts";
import { askingOf, failureOf, KEY, never, withResults } from "./scripted-conversation.ts";

let server: ModelServer;
beforeAll(async () => {
  server = await createModelServer();
});
afterAll(() => server.stop());

const connect = (options: Partial<AnthropicModelOptions> = {}) =>
  createAnthropicModel({ provider: "anthropic", baseUrl: server.url, apiKey: async () => KEY, ...options });

const asking = (...turns: readonly Turn[]): ModelRequest => askingOf(server, turns);

describe("a whole message", () => {
  test("comes back block by block as it was sent, with usage, stop reason, model and request id", async () => {
    const text = "Grüße aus Zürich 👩‍💻, in pieces. ".repeat(20);
    const input = { path: "a.ts", content: 'const a = "\\u0000";\n', nested: { list: [1, null, true] } };
    const request = asking({ thinking: "Let me think.", text, calls: [{ name: "write_file", input }] });
    const turn = await connect().call(request, never);
    expect(turn.content.map(({ type }) => type)).toEqual(["thinking", "text", "tool_use"]);
    expect(turn.content.filter(isText)[0]?.text).toBe(text);
    expect(turn.content.filter(isToolUse)[0]).toMatchObject({ name: "write_file", input });
    expect(turn.stopReason).toBe("tool_use");
    expect(turn.model).toBe("claude-sonnet-5-5");
    expect(turn.requestId).toMatch(/^req_/);
    expect(turn.usage).toMatchObject({ calls: 1, microUsd: expect.any(Number) });
    expect(totalTokens(turn.usage)).toBeGreaterThan(100);
  });

  test("may be as large as 5 MiB", async () => {
    const text = "All of it. ".repeat(480_000).slice(0, 5 * 1024 * 1024);
    const turn = await connect().call(asking({ text }), never);
    expect(turn.content.filter(isText)[0]?.text === text).toBe(true);
  });

  test("with thinking is taken back, since the prefix is sent unchanged while breakpoints wander", async () => {
    const request = asking(
      { thinking: "First.", calls: [{ name: "write_file", input: { path: "a" } }] },
      { thinking: "Second.", calls: [{ name: "write_file", input: { path: "b" } }] },
      { text: "Done." },
    );
    const model = connect();
    const first = withResults(request, await model.call(request, never), "ok");
    const second = withResults(first, await model.call(first, never), "ok");
    const last = await model.call(second, never);
    expect(last.content.filter(isText)[0]?.text).toBe("Done.");
    expect(last.usage.cacheReadTokens).toBeGreaterThan(0);
  });

  test.each([
    ["refusal", fault.refusal(), "refusal"],
    ["truncation", fault.truncation(), "max_tokens"],
    ["an empty answer", fault.emptyAnswer(), "end_turn"],
  ])("[bad-input 48] %s is an answer with its own stop reason, not an error", async (_, what, stopReason) => {
    const turn = await connect().call(asking({ text: "One half. Other half.", faults: [what] }), never);
    expect(turn.stopReason).toBe(stopReason);
    expect(turn.usage.calls).toBe(1);
  });

  test("[bad-input 45] with a tool input that is no JSON keeps the turn and marks the input", async () => {
    const call = { name: "write_file", input: { path: "a.ts", content: "export const a = 1;" } };
    const request = asking(
      { text: "Writing.", calls: [call], faults: [fault.malformedInput()] },
      { text: "I see." },
    );
    const model = connect();
    const turn = await model.call(request, never);
    expect(turn.content.filter(isToolUse)[0]?.input).toEqual({
      $malformed: '{"path":"a.ts","content":"export const a = 1;',
    });
    const next = await model.call(withResults(request, turn, "not JSON"), never);
    expect(next.content.filter(isText)[0]?.text).toBe("I see.");
  });

  test("whose provider reports no usage is charged an upper bound, never nothing", async () => {
    const request = asking({ text: "Free lunch?", usage: null });
    const model = connect({ provider: "glm" });
    const { usage } = await model.call(request, never);
    expect(usage.inputTokens).toBeGreaterThan(20);
    expect(usage.outputTokens).toBeGreaterThan(0);
    expect(totalTokens(usage)).toBeLessThanOrEqual(model.estimate(request).tokens);
    expect(usage.microUsd).toBeGreaterThan(0);
  });
});

describe("a failed call", () => {
  test.each([
    ["whole seconds", "7", 7],
    ["a date", () => new Date(Date.now() + 30_000).toUTCString(), 30],
    ["more than the longest delay", "86400", 900],
    ["nonsense", "soon", undefined],
  ])("[bad-input 49] 429 is RateLimited and carries retry-after: %s", async (_, given, expected) => {
    const retryAfter = typeof given === "function" ? given() : given;
    const request = asking({ text: "ok", faults: [fault.rateLimited(retryAfter)] });
    const error = await failureOf(connect().call(request, never));
    expect(error).toBeInstanceOf(RetryableModelError);
    expect(error).toMatchObject({ failureName: "RateLimited", used: NO_USAGE });
    const seconds = (error as RetryableModelError).retryAfterSeconds;
    if (expected === undefined) expect(seconds).toBeUndefined();
    else expect(Math.abs((seconds ?? 0) - expected)).toBeLessThanOrEqual(1);
  });

  test.each([
    ["529", fault.overloaded()],
    ["500", fault.serverError()],
  ])("%s is ModelUnavailable and costs nothing", async (_, what) => {
    const error = await failureOf(connect().call(asking({ text: "ok", faults: [what] }), never));
    expect(error).toMatchObject({ failureName: "ModelUnavailable", used: NO_USAGE });
    expect(error).toBeInstanceOf(RetryableError);
  });

  test.each([
    ["a cut stream", fault.cut()],
    ["a silent end", fault.silentEnd()],
    ["an error event", fault.errorEvent("overloaded_error")],
  ])(
    "%s is ModelUnavailable, half a message is never returned, and what was used is told",
    async (_, what) => {
      const request = asking({ text: "One half. Other half.", faults: [what] });
      const model = connect();
      const error = await failureOf(model.call(request, never));
      expect(error).toMatchObject({ failureName: "ModelUnavailable", used: { calls: 1 } });
      expect(error.used.microUsd).toBeGreaterThan(0);
      expect(totalTokens(error.used)).toBeLessThanOrEqual(model.estimate(request).tokens);
      const turn = await model.call(request, never);
      expect(turn.content.filter(isText)[0]?.text).toBe("One half. Other half.");
    },
  );

  test.each([
    ["rate_limit_error", "RateLimited"],
    ["authentication_error", "ModelAuthentication"],
    ["invalid_request_error", "ModelRejected"],
    ["a_type_of_next_year", "ModelUnavailable"],
  ])("an error event of type %s is %s", async (type, failureName) => {
    const request = asking({ text: "Half and half.", faults: [fault.errorEvent(type)] });
    expect(await failureOf(connect().call(request, never))).toMatchObject({ failureName });
  });

  test("a provider that falls silent in mid-stream is ended by the idle watchdog", async () => {
    const request = asking({ text: "One half. Other half.", faults: [fault.stall(30_000)] });
    const error = await failureOf(connect({ idleMs: 100 }).call(request, never));
    expect(error).toMatchObject({ failureName: "ModelUnavailable", used: { calls: 1 } });
    expect(error.message).toContain("silent for 100 ms");
  });

  test("a provider that never begins to answer is ended too", async () => {
    const silent = await listen(createServer(() => {}));
    const error = await failureOf(connect({ baseUrl: silent.url, idleMs: 50 }).call(asking(), never));
    expect(error).toMatchObject({ failureName: "ModelUnavailable", used: NO_USAGE });
    await silent.stop();
  });

  test("a call has a limit in all, however lively the stream is", async () => {
    const chatty = await listen(
      createServer((_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        const timer = setInterval(() => response.write('event: ping\ndata: {"type":"ping"}\n\n'), 10);
        response.on("close", () => clearInterval(timer));
      }),
    );
    const error = await failureOf(
      connect({ baseUrl: chatty.url, idleMs: 100, callMs: 300 }).call(asking(), never),
    );
    expect(error.message).toContain("no whole answer within 300 ms");
    await chatty.stop();
  });

  test("a call that is stopped rejects with the caller's reason, and the provider sees the line go dead", async () => {
    const request = asking({ text: "Too late.", latencyMs: 30_000 });
    const controller = new AbortController();
    const reason = new Error("stopped by the user");
    const call = connect().call(request, controller.signal);
    await expect.poll(() => server.ledger().at(-1)?.paid).toBe(true);
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await expect.poll(() => server.ledger().at(-1)?.endedAt).not.toBeNull();
    expect(server.ledger().at(-1)).toMatchObject({ paid: true, completed: false });
  });

  test("a call that was stopped before it began asks nobody", async () => {
    const before = server.ledger().length;
    await expect(connect().call(asking({ text: "no" }), AbortSignal.abort("stopped"))).rejects.toBe(
      "stopped",
    );
    expect(server.ledger()).toHaveLength(before);
  });

  test("a whole message is returned although the provider never closes the stream", async () => {
    const clinging = await listen(
      createServer((_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        const events = [
          { type: "message_start", message: { model: "m", usage: { input_tokens: 5, output_tokens: 1 } } },
          { type: "content_block_start", index: 0, content_block: { type: "text", text: "All there is." } },
          { type: "message_stop" },
        ];
        response.write(
          events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(""),
        );
      }),
    );
    const turn = await connect({ baseUrl: clinging.url }).call(asking(), never);
    expect(turn.content).toEqual([{ type: "text", text: "All there is." }]);
    await clinging.stop();
  });

  test("leaves no timer and no listener behind", async () => {
    const timers: Array<AbortSignal | undefined> = [];
    const clock: Clock = {
      now: () => systemClock.now(),
      sleep: (ms, signal) => {
        timers.push(signal);
        return systemClock.sleep(ms, signal);
      },
    };
    const caller = new AbortController();
    const model = connect({ clock });
    await model.call(asking({ text: "ok" }), caller.signal);
    await failureOf(model.call(asking({ text: "ok", faults: [fault.overloaded()] }), caller.signal));
    expect(timers.length).toBeGreaterThanOrEqual(2);
    expect(timers.every((signal) => signal?.aborted)).toBe(true);
    expect(getEventListeners(caller.signal, "abort")).toHaveLength(0);
  });

  test("an unreachable provider is ModelUnavailable and names the system's code", async () => {
    const gone = await listen(createServer());
    await gone.stop();
    const error = await failureOf(connect({ baseUrl: gone.url }).call(asking(), never));
    expect(error).toMatchObject({ failureName: "ModelUnavailable", used: NO_USAGE });
    expect(error.message).toContain("ECONNREFUSED");
  });

  test("a refused request is ModelRejected with the provider's own words", async () => {
    const request = {
      ...asking({ text: "ok" }),
      messages: [{ role: "user", content: "" }] as ModelMessage[],
    };
    const error = await failureOf(connect().call(request, never));
    expect(error).toBeInstanceOf(TerminalError);
    expect(error).toMatchObject({ failureName: "ModelRejected", used: NO_USAGE });
    expect(error.message).toContain("text content blocks must contain non-whitespace text");
  });

  test("an endpoint that is no Messages API is ModelRejected with a word on the base URL", async () => {
    const website = await listen(
      createServer((_, response) => {
        response.setHeader("content-type", "text/html");
        response.end("<html>Welcome</html>");
      }),
    );
    const error = await failureOf(connect({ baseUrl: website.url }).call(asking(), never));
    expect(error).toMatchObject({ failureName: "ModelRejected" });
    expect(error.message).toContain("check the base URL");
    await website.stop();
  });

  test("a redirect is not followed: it would take the key elsewhere", async () => {
    const seen: string[] = [];
    const elsewhere = await listen(createServer((request) => seen.push(request.url ?? "")));
    const moved = await listen(
      createServer((_, response) => {
        response.writeHead(307, { location: `${elsewhere.url}/v1/messages` });
        response.end();
      }),
    );
    const error = await failureOf(connect({ baseUrl: moved.url }).call(asking(), never));
    expect(error).toMatchObject({ failureName: "ModelRejected" });
    expect(seen).toEqual([]);
    await Promise.all([moved.stop(), elsewhere.stop()]);
  });
});

describe("keys", () => {
  test("each connection sends its own key, once, as bearer token", async () => {
    const seen: Array<Record<string, unknown>> = [];
    const mirror = await listen(
      createServer((request, response) => {
        seen.push({ ...request.headers });
        response.writeHead(500).end();
      }),
    );
    for (const provider of ["anthropic", "glm", "compatible"] as const) {
      const options = {
        provider,
        model: "any",
        baseUrl: mirror.url,
        apiKey: async () => `key-of-${provider}`,
      };
      await failureOf(connect(options).call(asking(), never));
    }
    expect(seen.map((headers) => headers["authorization"])).toEqual([
      "Bearer key-of-anthropic",
      "Bearer key-of-glm",
      "Bearer key-of-compatible",
    ]);
    expect(seen.map((headers) => headers["anthropic-version"])).toEqual([
      "2026-10-21",
      "2023-06-01",
      "2023-06-01",
    ]);
    expect(seen.some((headers) => "x-api-key" in headers || "anthropic-beta" in headers)).toBe(false);
    await mirror.stop();
  });

  test("a rotated key is used from the next call on", async () => {
    const keys = ["first-key-0001", "second-key-0002"];
    const model = connect({ apiKey: async () => keys.shift() ?? "none" });
    const request = asking({ text: "ok" });
    await model.call(request, never);
    await model.call(request, never);
    expect(
      server
        .ledger()
        .slice(-2)
        .map(({ keyHash }) => keyHash),
    ).toEqual([hashOfKey("first-key-0001"), hashOfKey("second-key-0002")]);
  });

  test("no error holds the key, even when the provider repeats it", async () => {
    const parrot = await listen(
      createServer((request, response) => {
        const status = Number(request.url?.split("/")[1]);
        const key = request.headers.authorization?.slice("Bearer ".length);
        const message = `bad key ${key}, sent as Bearer ${key}, or sk-ant-api03-abcdefghijklmnop`;
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify({ type: "error", error: { type: "invalid_request_error", message } }));
      }),
    );
    for (const status of [400, 401, 403, 404, 413, 422, 429, 500, 529]) {
      const error = await failureOf(connect({ baseUrl: `${parrot.url}/${status}` }).call(asking(), never));
      const everything = JSON.stringify([error.message, error.stack, error.cause, Object.entries(error)]);
      expect(everything).not.toContain(KEY);
      expect(everything).not.toContain("sk-ant");
    }
    await parrot.stop();
  });

  test("[bad-input 43] a missing or unreadable key fails at once and asks nobody", async () => {
    const before = server.ledger().length;
    const broken = new TerminalError("SecretUnavailable", "`bulkhead/coder` is empty");
    const cases = [
      [async () => "", "SecretUnavailable"],
      [async () => " \n", "SecretUnavailable"],
      [async () => Promise.reject(broken), "SecretUnavailable"],
      [async () => Promise.reject(new RetryableError("Internal", "throttled")), "ModelUnavailable"],
      [async () => `${KEY}\nevil: header`, "ModelAuthentication"],
    ] as const;
    for (const [apiKey, failureName] of cases) {
      const error = await failureOf(connect({ apiKey }).call(asking({ text: "ok" }), never));
      expect(error).toMatchObject({ failureName, used: NO_USAGE });
      expect(String(error.stack)).not.toContain(KEY);
    }
    expect(server.ledger()).toHaveLength(before);
  });

  test("401 and 403 are ModelAuthentication and final", async () => {
    const strict = await listen(createServer((_, response) => void response.writeHead(403).end()));
    const error = await failureOf(connect({ baseUrl: strict.url }).call(asking(), never));
    expect(error).toBeInstanceOf(TerminalModelError);
    expect(error).toMatchObject({ failureName: "ModelAuthentication" });
    await strict.stop();
  });
});

describe("settings", () => {
  test.each([
    ["compatible without a base URL", { provider: "compatible", model: "m" }, "base URL"],
    ["compatible without a model", { provider: "compatible", baseUrl: "http://127.0.0.1:1" }, "model"],
    ["bedrock without credentials", { provider: "bedrock" }, "AWS_REGION"],
  ] as const)("%s says what is missing", async (_, options, expected) => {
    const model = createAnthropicModel({ apiKey: async () => KEY, ...options });
    const error = await failureOf(model.call(asking(), never));
    expect(error).toMatchObject({ failureName: "ModelRejected" });
    expect(error.message).toContain(expected);
  });

  test("an endpoint's own ceiling on output lowers the request's", async () => {
    const model = connect({ maxTokens: 10 });
    const request = asking({ text: "x".repeat(4_000) });
    const { usage } = await model.call(request, never);
    expect(usage.outputTokens).toBe(10);
  });
});

const servers = new Set<Server>();
afterEach(() => {
  for (const open of servers) open.closeAllConnections();
});

const listen = async (other: Server): Promise<{ url: string; stop(): Promise<void> }> => {
  servers.add(other);
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(other.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        servers.delete(other);
        other.close(() => resolve());
        other.closeAllConnections();
      }),
  };
};
