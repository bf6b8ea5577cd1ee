import { describe, expect, test } from "vitest";
import {
  messagesBody,
  promptTokensAtMost,
  tokensAtMost,
} from "../../../../functions/shared/adapters/anthropic-request.ts";
import type { AssistantBlock, ModelMessage } from "../../../../functions/shared/contracts/model-message.ts";
import type { ModelRequest } from "../../../../functions/shared/ports/model.ts";

const settings = { model: "claude-sonnet-5-5", maxTokens: 100, promptCaching: true };

const turn = (n: number): ModelMessage[] => [
  { role: "assistant", content: [{ type: "tool_use", id: `toolu_${n}`, name: "look", input: {} }] },
  { role: "user", content: [{ type: "tool_result", tool_use_id: `toolu_${n}`, content: `seen ${n}` }] },
];

const request = (...messages: ModelMessage[]): ModelRequest => ({
  system: "You are the agent.",
  tools: [{ name: "look", description: "Looks.", input_schema: { type: "object" } }],
  messages: [{ role: "user", content: "Begin." }, ...messages],
  maxTokens: 100,
});

/** Where breakpoints stand, as paths. */
const breakpoints = (body: ReturnType<typeof messagesBody>): string[] => [
  ...(body.system ?? []).flatMap((block, at) => ("cache_control" in block ? [`system.${at}`] : [])),
  ...body.messages.flatMap(({ content }, index) =>
    content.flatMap((block, at) => ("cache_control" in block ? [`messages.${index}.${at}`] : [])),
  ),
];

describe("the body", () => {
  test("never holds sampling parameters, a tool choice or a beta", () => {
    expect(Object.keys(messagesBody(request(), settings)).sort()).toEqual(
      ["max_tokens", "messages", "model", "stream", "system", "tools"].sort(),
    );
  });

  test("has breakpoints after system and tools and after the last two user messages", () => {
    expect(breakpoints(messagesBody(request(), settings))).toEqual(["system.0", "messages.0.0"]);
    expect(breakpoints(messagesBody(request(...turn(1), ...turn(2)), settings))).toEqual([
      "system.0",
      "messages.2.0",
      "messages.4.0",
    ]);
  });

  test("has none for a provider that does not know them", () => {
    expect(breakpoints(messagesBody(request(...turn(1)), { ...settings, promptCaching: false }))).toEqual([]);
  });

  test("but for breakpoints only grows: what was sent is sent again, byte for byte", () => {
    const bare = (body: unknown): unknown[] =>
      JSON.parse(JSON.stringify(body, (key, value) => (key === "cache_control" ? undefined : value)));
    const before = messagesBody(request(...turn(1)), settings);
    const after = messagesBody(request(...turn(1), ...turn(2)), settings);
    expect(JSON.stringify(bare(after.messages).slice(0, 3))).toBe(JSON.stringify(bare(before.messages)));
  });

  test("changes nothing in what it was given", () => {
    const given = request(...turn(1));
    const copy = structuredClone(given);
    messagesBody(given, settings);
    expect(given).toEqual(copy);
  });

  test("leaves out an empty text block of the model, which the API does not take back", () => {
    const said: ModelMessage = {
      role: "assistant",
      content: [{ type: "text", text: "" }, ...((turn(1)[0]?.content ?? []) as AssistantBlock[])],
    };
    const body = messagesBody(request(said, ...turn(1).slice(1)), settings);
    expect(body.messages[1]?.content.map(({ type }) => type)).toEqual(["tool_use"]);
  });
});

describe("the bound on tokens", () => {
  test.each([
    ["English", "The quick brown fox jumps over the lazy dog. ", 4.0],
    ["code", "const gained = ((now - bucket.updatedAt) / 1000) * rate;\n", 2.8],
    ["base64", "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ", 2.5],
    ["Japanese", "速度制限器を書いてください。", 0.6],
    ["emoji", "👩‍💻🚀🔥", 0.7],
  ])("lies above what %s takes", (_, text, charactersPerToken) => {
    const many = text.repeat(200);
    expect(tokensAtMost(many)).toBeGreaterThanOrEqual(Math.floor(many.length / charactersPerToken));
  });

  test("counts system, tools and messages, and what the API adds by itself", () => {
    const small = promptTokensAtMost(request());
    expect(small).toBeGreaterThan(1_000);
    expect(promptTokensAtMost(request(...turn(1)))).toBeGreaterThan(small);
  });
});
