import type { AssistantBlock } from "../contracts/model-message.ts";
import { previewOf } from "../contracts/value.ts";

const MALFORMED_BYTES_MAX = 1024;

/** The stream said something that is no Messages API event. */
export class UnreadableStream extends Error {
  override readonly name = "UnreadableStream";
}

/** The provider reported a failure inside a stream whose status was 200. */
export class StreamedFailure extends Error {
  override readonly name = "StreamedFailure";
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** Token counts as the provider reported them so far; a later report replaces an earlier one. */
export interface ReportedUsage {
  input?: number;
  output?: number;
  cacheRead?: number;
  cacheWrite?: number;
}

/**
 * Puts a stream's events together into one assistant message, every block as it was sent.
 *
 * I1. `isComplete` only after `message_stop`.
 * I2. A tool input that is not a JSON object becomes `{ $malformed: <its first KiB> }`: no schema
 *     takes it, so the model gets an error result and the turn is not lost.
 * I3. Events and deltas of kinds we do not know change nothing; the API may add some at any time.
 */
export class MessageAssembler {
  isStarted = false;
  isComplete = false;
  model: string | null = null;
  stopReason: string | null = null;
  readonly usage: ReportedUsage = {};
  /** Characters of content received, for a bound on what an unfinished message cost. */
  receivedCharacters = 0;
  readonly #blocks: Block[] = [];
  readonly #inputs = new Map<number, string>();

  take(data: string): void {
    const event = parseEvent(data);
    switch (event["type"]) {
      case "message_start": {
        const message = fields(event["message"]);
        this.isStarted = true;
        if (typeof message["model"] === "string") this.model = message["model"];
        this.#report(message["usage"]);
        return;
      }
      case "content_block_start":
        this.#blocks[indexOf(event)] = { ...fields(event["content_block"]) };
        return;
      case "content_block_delta":
        this.#append(indexOf(event), fields(event["delta"]));
        return;
      case "message_delta": {
        const { stop_reason: stopReason } = fields(event["delta"]);
        if (typeof stopReason === "string") this.stopReason = stopReason;
        this.#report(event["usage"]);
        return;
      }
      case "message_stop":
        this.isComplete = true;
        return;
      case "error": {
        const { type, message } = fields(event["error"]);
        throw new StreamedFailure(String(type), String(message));
      }
      default:
    }
  }

  content(): AssistantBlock[] {
    return this.#blocks.flatMap((block, index) => {
      const input = this.#inputs.get(index);
      if (block["type"] !== "tool_use") return [block as unknown as AssistantBlock];
      return [{ ...block, input: toolInput(block["input"], input) } as unknown as AssistantBlock];
    });
  }

  #append(index: number, delta: Block): void {
    const block = this.#blocks[index];
    if (block === undefined) throw new UnreadableStream("a delta came before its block");
    const type = String(delta["type"]);
    if (type === "citations_delta") {
      block["citations"] = [...((block["citations"] ?? []) as unknown[]), delta["citation"]];
      return;
    }
    const field = TEXT_OF[type] ?? "";
    const more = delta[field];
    if (typeof more !== "string") return;
    this.receivedCharacters += more.length;
    if (type === "input_json_delta") this.#inputs.set(index, (this.#inputs.get(index) ?? "") + more);
    else block[field] = String(block[field] ?? "") + more;
  }

  #report(usage: unknown): void {
    const reported = fields(usage);
    const count = (name: string): number | undefined =>
      Number.isSafeInteger(reported[name]) && Number(reported[name]) >= 0
        ? Number(reported[name])
        : undefined;
    const input = count("input_tokens");
    const output = count("output_tokens");
    const cacheRead = count("cache_read_input_tokens");
    const cacheWrite = count("cache_creation_input_tokens");
    if (input !== undefined) this.usage.input = input;
    if (output !== undefined) this.usage.output = output;
    if (cacheRead !== undefined) this.usage.cacheRead = cacheRead;
    if (cacheWrite !== undefined) this.usage.cacheWrite = cacheWrite;
  }
}

type Block = Record<string, unknown>;

/** Where each kind of delta holds its text; but for tool inputs, the block's field has the same name. */
const TEXT_OF: Readonly<Record<string, string>> = {
  text_delta: "text",
  thinking_delta: "thinking",
  signature_delta: "signature",
  input_json_delta: "partial_json",
};

const fields = (value: unknown): Block =>
  typeof value === "object" && value !== null ? (value as Block) : {};

const parseEvent = (data: string): Block => {
  // The end marker of other vendors' streams, which some compatible servers send along.
  if (data === "[DONE]") return {};
  try {
    return fields(JSON.parse(data));
  } catch {
    throw new UnreadableStream("an event is not JSON");
  }
};

const indexOf = (event: Block): number => {
  const { index } = event;
  // The API's own blocks are numbered from 0; a huge index would make a huge array.
  if (!Number.isInteger(index) || Number(index) < 0 || Number(index) > 10_000) {
    throw new UnreadableStream("an event has no usable index");
  }
  return Number(index);
};

/** Some providers send the whole input with the block's start and no delta. */
const toolInput = (given: unknown, streamed: string | undefined): unknown => {
  const text = streamed ?? "";
  if (text.trim() === "") return isPlainObject(given) ? given : {};
  try {
    const input: unknown = JSON.parse(text);
    if (isPlainObject(input)) return input;
  } catch {
    // Falls through to the marker: truncated or invalid JSON is the model's mistake, not the stream's.
  }
  return { $malformed: previewOf(text, MALFORMED_BYTES_MAX) };
};

const isPlainObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);
