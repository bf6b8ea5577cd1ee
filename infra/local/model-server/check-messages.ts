import { invalidRequest, requireThat } from "./api-error.ts";

export interface Block {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface Message {
  readonly role: "user" | "assistant";
  readonly content: readonly Block[];
}

/** The conversation with every content as blocks; throws an ApiError where it is not one. */
export const checkMessages = (value: unknown): readonly Message[] => {
  if (!Array.isArray(value)) throw invalidRequest("messages: Field required");
  requireThat(value.length > 0, "messages", "at least one message is required");
  const messages = value.map(checkMessage);
  messages.forEach(({ role }, index) => {
    requireThat(
      role === (index % 2 === 0 ? "user" : "assistant"),
      `messages.${index}.role`,
      "roles must alternate, beginning with user",
    );
  });
  requireThat(
    messages.at(-1)?.role === "user",
    "messages",
    "this model does not support prefill: the last message must be the user's",
  );
  messages.forEach((message, index) => {
    if (message.role === "user") checkResults(messages[index - 1], message, index);
  });
  return messages;
};

const checkMessage = (message: unknown, index: number): Message => {
  const where = `messages.${index}`;
  const { role, content, ...rest } = (message ?? {}) as Record<string, unknown>;
  const extra = Object.keys(rest)[0];
  requireThat(extra === undefined, `${where}.${extra}`, "Extra inputs are not permitted");
  requireThat(
    role === "user" || role === "assistant",
    `${where}.role`,
    "Input should be 'user' or 'assistant'",
  );
  const blocks = typeof content === "string" ? [{ type: "text", text: content }] : content;
  requireThat(Array.isArray(blocks), `${where}.content`, "Field required");
  requireThat((blocks as unknown[]).length > 0, `${where}.content`, "content must be non-empty");
  (blocks as Block[]).forEach((block, at) => {
    checkBlock(block, role as Message["role"], `${where}.content.${at}`);
  });
  return { role: role as Message["role"], content: blocks as Block[] };
};

const ALLOWED: Readonly<Record<Message["role"], readonly string[]>> = {
  user: ["text", "tool_result"],
  assistant: ["text", "tool_use", "thinking", "redacted_thinking"],
};

const checkBlock = (block: Block, role: Message["role"], where: string): void => {
  requireThat(
    ALLOWED[role].includes(block?.type),
    `${where}.type`,
    `"${block?.type}" is not allowed for ${role}`,
  );
  switch (block.type) {
    case "text":
      requireThat(typeof block["text"] === "string", `${where}.text`, "Field required");
      requireThat(
        /\S/.test(String(block["text"])),
        where,
        "text content blocks must contain non-whitespace text",
      );
      return;
    case "tool_use":
      requireThat(typeof block["id"] === "string" && block["id"] !== "", `${where}.id`, "Field required");
      requireThat(typeof block["name"] === "string", `${where}.name`, "Field required");
      requireThat(isObject(block["input"]), `${where}.input`, "Input should be a valid dictionary");
      return;
    case "tool_result":
      requireThat(typeof block["tool_use_id"] === "string", `${where}.tool_use_id`, "Field required");
      requireThat(
        typeof block["content"] === "string" || Array.isArray(block["content"]),
        `${where}.content`,
        "Input should be a string or a list of blocks",
      );
      return;
    case "thinking":
      requireThat(typeof block["thinking"] === "string", `${where}.thinking`, "Field required");
      requireThat(typeof block["signature"] === "string", `${where}.signature`, "Field required");
      return;
    default:
  }
};

/** Every tool_use is answered in the very next message, once, before anything else is said there. */
const checkResults = (before: Message | undefined, message: Message, index: number): void => {
  const asked = (before?.content ?? []).filter(({ type }) => type === "tool_use").map(({ id }) => String(id));
  requireThat(new Set(asked).size === asked.length, `messages.${index - 1}`, "tool_use ids must be unique");
  const results = message.content.filter(({ type }) => type === "tool_result");
  const answered = new Set<string>();
  for (const result of results) {
    const id = String(result["tool_use_id"]);
    requireThat(asked.includes(id), `messages.${index}`, `unexpected tool_use_id in tool_result: ${id}`);
    requireThat(!answered.has(id), `messages.${index}`, `each tool_use must have a single result: ${id}`);
    answered.add(id);
  }
  const missing = asked.filter((id) => !answered.has(id));
  requireThat(
    missing.length === 0,
    `messages.${index}`,
    `tool_use ids without tool_result: ${missing.join(", ")}`,
  );
  requireThat(
    message.content.slice(0, results.length).every(({ type }) => type === "tool_result"),
    `messages.${index}`,
    "tool_result blocks must come first",
  );
};

const isObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);
