import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  MessageAssembler,
  StreamedFailure,
  UnreadableStream,
} from "../../../../functions/shared/adapters/anthropic-message.ts";

type Event = Record<string, unknown>;

const assembled = (...events: Event[]): MessageAssembler => {
  const message = new MessageAssembler();
  for (const event of events) message.take(JSON.stringify(event));
  return message;
};

const start = (usage: Event = {}): Event => ({ type: "message_start", message: { model: "m-1", usage } });
const block = (content: Event, index = 0): Event => ({
  type: "content_block_start",
  index,
  content_block: content,
});
const delta = (content: Event, index = 0): Event => ({ type: "content_block_delta", index, delta: content });
const json = (part: string): Event => delta({ type: "input_json_delta", partial_json: part });
const call = { type: "tool_use", id: "toolu_1", name: "look", input: {} };

describe("content", () => {
  test("any tool input survives being cut into any pieces", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.integer({ min: 1, max: 9 }),
        (input, size) => {
          const text = JSON.stringify(input);
          const pieces = text.match(new RegExp(`[\\s\\S]{1,${size}}`, "g")) ?? [];
          const message = assembled(start(), block(call), ...pieces.map(json));
          expect(message.content()).toEqual([{ ...call, input: JSON.parse(text) }]);
        },
      ),
    );
  });

  test.each([
    ["truncated JSON", '{"path":"a'],
    ["a list", "[1]"],
    ["a string", '"path"'],
    ["words", "look at a.ts"],
  ])("I2: %s as tool input is marked, with what was said", (_, text) => {
    expect(assembled(start(), block(call), json(text)).content()).toEqual([
      { ...call, input: { $malformed: text } },
    ]);
  });

  test("I2: the marker holds at most a KiB", () => {
    const [marked] = assembled(start(), block(call), json(`{"a":"${"é".repeat(5_000)}`)).content();
    const { $malformed } = (marked as { input: { $malformed: string } }).input;
    expect(Buffer.byteLength($malformed)).toBeLessThanOrEqual(1024);
  });

  test("an input that came whole with its block is kept", () => {
    const whole = { ...call, input: { path: "a" } };
    expect(assembled(start(), block(whole)).content()).toEqual([whole]);
    expect(assembled(start(), block(call)).content()).toEqual([call]);
  });

  test("fields and blocks that we do not know are kept", () => {
    const opaque = { type: "redacted_thinking", data: "abc", later: { field: 1 } };
    expect(assembled(start(), block(opaque)).content()).toEqual([opaque]);
  });

  test("I3: events and deltas that we do not know change nothing", () => {
    const message = assembled(
      start(),
      block({ type: "text", text: "" }),
      delta({ type: "text_delta", text: "Hi" }),
      delta({ type: "hologram_delta", hologram: "?" }),
      { type: "weather", text: "fine" },
    );
    message.take("[DONE]");
    expect(message.content()).toEqual([{ type: "text", text: "Hi" }]);
  });
});

describe("usage", () => {
  test("a later report replaces an earlier one, and what it leaves out stays", () => {
    const { usage } = assembled(start({ input_tokens: 0, output_tokens: 1, cache_read_input_tokens: 7 }), {
      type: "message_delta",
      delta: { stop_reason: "end_turn" },
      usage: { input_tokens: 50, output_tokens: 9 },
    });
    expect(usage).toEqual({ input: 50, output: 9, cacheRead: 7 });
  });

  test("nonsense is no report", () => {
    expect(
      assembled(start({ input_tokens: -1, output_tokens: "many", cache_read_input_tokens: null })).usage,
    ).toEqual({});
  });
});

describe("a broken stream", () => {
  test("I1: is not complete before message_stop", () => {
    expect(assembled(start(), { type: "message_delta", delta: { stop_reason: "end_turn" } }).isComplete).toBe(
      false,
    );
    expect(assembled(start(), { type: "message_stop" }).isComplete).toBe(true);
  });

  test.each([
    ["no JSON", "{", UnreadableStream],
    ["a delta before its block", JSON.stringify(delta({ type: "text_delta", text: "Hi" })), UnreadableStream],
    ["a block without an index", '{"type":"content_block_start"}', UnreadableStream],
    ["a block with a huge index", JSON.stringify(block({ type: "text" }, 2 ** 31)), UnreadableStream],
    ["an error event", '{"type":"error","error":{"type":"api_error","message":"oh"}}', StreamedFailure],
  ])("throws at %s", (_, data, kind) => {
    expect(() => new MessageAssembler().take(data)).toThrow(kind);
  });
});
