import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  messagesBody,
  promptTokensAtMost,
  tokensAtMost,
} from "../../../../functions/shared/adapters/anthropic-request.ts";
import { structuredSchema } from "../../../../functions/shared/adapters/structured-output.ts";
import { answerSchema } from "../../../../functions/shared/agent/answer-schema.ts";
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

describe("structured output", () => {
  const schemaOf = (output: z.ZodType) => structuredSchema(answerSchema(output));

  test("is asked for in the body only when there is a schema to hold an answer to", () => {
    const schema = schemaOf(z.object({ ok: z.boolean() }));
    expect(messagesBody(request(), { ...settings, answerSchema: schema }).output_config).toEqual({
      format: {
        type: "json_schema",
        schema: {
          type: "object",
          properties: { ok: { type: "boolean" } },
          required: ["ok"],
          additionalProperties: false,
        },
      },
    });
  });

  test("has closed objects all the way down, and says in words what the subset does not know", () => {
    const schema = schemaOf(
      z.object({
        risks: z.array(z.object({ title: z.string().min(3), severity: z.enum(["low", "high"]) })).max(9),
        note: z.string().optional(),
        verdict: z.union([z.literal("go"), z.object({ stop: z.int().min(1) })]),
      }),
    );
    const text = JSON.stringify(schema);
    expect(text.match(/"type":"object"/g)).toHaveLength(3);
    expect(text.match(/"additionalProperties":false/g)).toHaveLength(3);
    expect(text).not.toMatch(/"(minLength|maxItems|minimum|maximum)":/);
    expect(text).toContain("minLength: 3");
    expect(schema).toMatchObject({ required: ["risks", "verdict"] });
  });

  const Tree: z.ZodType = z.lazy(() => z.object({ children: z.array(Tree) }));
  test.each([
    ["free keys", z.object({ counts: z.record(z.string(), z.number()) })],
    ["a schema that refers to itself", Tree],
    ["a root that is no object", z.array(z.string())],
    ["anything at all", z.object({ x: z.any() })],
    ["a tuple", z.object({ pair: z.tuple([z.string(), z.number()]) })],
  ])("is not asked for where it would ask for something else: %s", (_, output) => {
    expect(schemaOf(output)).toBeUndefined();
  });

  test("changes nothing in the schema that it was given", () => {
    const given = answerSchema(z.object({ list: z.array(z.string()).min(2) }));
    const copy = structuredClone(given);
    structuredSchema(given);
    expect(given).toEqual(copy);
  });

  test("counts in the bound on tokens", () => {
    const schema = answerSchema(z.object({ ok: z.boolean().describe("x".repeat(1_000)) }));
    expect(promptTokensAtMost({ ...request(), answerSchema: schema })).toBeGreaterThan(
      promptTokensAtMost(request()) + 400,
    );
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
