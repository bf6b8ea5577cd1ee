import { createHash, type Hash } from "node:crypto";
import { requireThat } from "./api-error.ts";
import type { Block, Message } from "./check-messages.ts";
import type { CheckedRequest } from "./check-request.ts";

/**
 * Thinking is bound to everything before it. The signature is a hash of that prefix and of the
 * thinking itself, so that checking needs no memory and survives a restart of the server.
 */
export const signThinking = (request: CheckedRequest, thinking: string): string => {
  const hash = headHash(request);
  for (const message of request.messages) addMessage(hash, message);
  return signatureOf(hash, thinking);
};

/** Throws an ApiError when anything before a thinking block is not what it was when the block was made. */
export const checkThinking = (request: CheckedRequest): void => {
  const hasThinking = request.messages.some(({ content }) => content.some(({ type }) => type === "thinking"));
  if (!hasThinking) return;
  const hash = headHash(request);
  request.messages.forEach((message, index) => {
    message.content.forEach((block, at) => {
      if (block.type !== "thinking") return;
      requireThat(
        signatureOf(hash.copy(), String(block["thinking"])) === block["signature"],
        `messages.${index}.content.${at}`,
        "Invalid `signature` in `thinking` block. The block is bound to a different conversation.",
      );
    });
    addMessage(hash, message);
  });
};

const headHash = ({ model, system, tools }: CheckedRequest): Hash =>
  createHash("sha256")
    .update(model)
    .update("\n")
    .update(plainText(system))
    .update("\n")
    .update(withoutBreakpoints(tools));

const addMessage = (hash: Hash, { role, content }: Message): void => {
  hash.update("\n").update(role);
  for (const block of content) hash.update("\n").update(withoutBreakpoints(block));
};

const signatureOf = (hash: Hash, thinking: string): string =>
  hash.update("\n").update(thinking).digest("base64");

/** Breakpoints wander with each request and are no part of the conversation. */
const withoutBreakpoints = (value: unknown): string =>
  JSON.stringify(value, (key, field) => (key === "cache_control" ? undefined : field)) ?? "";

/** A system prompt as a string and as one text block are the same. */
const plainText = (system: unknown): string =>
  Array.isArray(system)
    ? system.map((block: Block) => String(block["text"])).join("\n")
    : String(system ?? "");
