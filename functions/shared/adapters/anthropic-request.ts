import type { ModelMessage, ToolSchema } from "../contracts/model-message.ts";
import type { ModelRequest } from "../ports/model.ts";

/** What the API wraps around tools that a request cannot show: about 300 tokens, taken thrice. */
const HIDDEN_TOKENS = 1_000;

export interface MessagesBody {
  readonly model: string;
  readonly max_tokens: number;
  readonly stream: true;
  readonly system?: readonly Block[];
  readonly tools?: readonly ToolSchema[];
  readonly output_config?: { readonly format: { readonly type: "json_schema"; readonly schema: object } };
  readonly messages: ReadonlyArray<{
    readonly role: "user" | "assistant";
    readonly content: readonly Block[];
  }>;
}

interface Block {
  readonly type: string;
  readonly [field: string]: unknown;
}

/**
 * The body of `POST /v1/messages`. No sampling parameters and no `tool_choice`: current models
 * refuse both. With caching, breakpoints stand after system and tools and after the last two
 * user messages; the second-last finds the previous turn's entry however many blocks lie between.
 */
export const messagesBody = (
  request: ModelRequest,
  settings: {
    readonly model: string;
    readonly maxTokens: number;
    readonly promptCaching: boolean;
    /** What the provider is to hold the answer to, in the subset of schemas that it takes. */
    readonly answerSchema?: object | undefined;
  },
): MessagesBody => {
  const breakpoint = (blocks: readonly Block[]): readonly Block[] =>
    settings.promptCaching ? withBreakpoint(blocks) : blocks;
  const messages = request.messages.map((message) => ({ role: message.role, content: blocksOf(message) }));
  const cached = lastIndexes(messages, 2);
  return {
    model: settings.model,
    max_tokens: settings.maxTokens,
    stream: true,
    ...(request.system === "" ? {} : { system: breakpoint([{ type: "text", text: request.system }]) }),
    ...(request.tools.length === 0 ? {} : { tools: request.tools }),
    ...(settings.answerSchema === undefined
      ? {}
      : { output_config: { format: { type: "json_schema", schema: settings.answerSchema } } }),
    messages: messages.map(({ role, content }, index) => ({
      role,
      content: cached.includes(index) ? breakpoint(content) : content,
    })),
  };
};

/**
 * More tokens than a text has in practice. English and code run at 3 to 4 characters a token,
 * base64 and digits near 2.5; outside ASCII a character may be more than one token, so it counts
 * as 1.4 (two bytes) to 2.8 (four).
 */
export const tokensAtMost = (text: string): number =>
  Math.ceil(text.length / 2.5 + (Buffer.byteLength(text) - text.length));

/** More tokens than the prompt of this request can have. */
export const promptTokensAtMost = (request: ModelRequest): number =>
  tokensAtMost(request.system) +
  tokensAtMost(JSON.stringify(request.tools)) +
  tokensAtMost(JSON.stringify(request.messages)) +
  // Said once more by the provider, with what the subset of schemas turns into words.
  2 * tokensAtMost(JSON.stringify(request.answerSchema ?? "")) +
  HIDDEN_TOKENS;

/** A model may send an empty text block, but the API takes none back. */
const blocksOf = (message: ModelMessage): readonly Block[] => {
  const blocks: readonly Block[] =
    typeof message.content === "string"
      ? [{ type: "text", text: message.content }]
      : (message.content as readonly Block[]);
  return message.role === "user"
    ? blocks
    : blocks.filter((block) => block.type !== "text" || block["text"] !== "");
};

const withBreakpoint = (blocks: readonly Block[]): readonly Block[] => {
  const last = blocks.at(-1);
  if (last === undefined || (last.type === "text" && last["text"] === "")) return blocks;
  return [...blocks.slice(0, -1), { ...last, cache_control: { type: "ephemeral" } }];
};

const lastIndexes = (messages: ReadonlyArray<{ readonly role: string }>, count: number): readonly number[] =>
  messages.flatMap(({ role }, index) => (role === "user" ? [index] : [])).slice(-count);
