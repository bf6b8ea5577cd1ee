/**
 * The Messages API's shapes, as far as we touch them. Blocks are kept verbatim, fields we do
 * not know included: thinking blocks are bound to everything before them.
 */
export interface TextBlock {
  readonly type: "text";
  readonly text: string;
}

export interface ToolUseBlock {
  readonly type: "tool_use";
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

export interface ToolResultBlock {
  readonly type: "tool_result";
  readonly tool_use_id: string;
  readonly content: string;
  readonly is_error?: boolean;
}

/** Thinking and whatever comes later: carried along, never looked into. */
export interface OpaqueBlock {
  readonly type: string;
  readonly [field: string]: unknown;
}

export type AssistantBlock = TextBlock | ToolUseBlock | OpaqueBlock;
export type UserBlock = TextBlock | ToolResultBlock;

export type ModelMessage =
  | { readonly role: "user"; readonly content: string | readonly UserBlock[] }
  | { readonly role: "assistant"; readonly content: readonly AssistantBlock[] };

/** A tool as the model sees it. */
export interface ToolSchema {
  readonly name: string;
  readonly description: string;
  readonly input_schema: { readonly type: "object"; readonly [keyword: string]: unknown };
}

export const isToolUse = (block: AssistantBlock): block is ToolUseBlock =>
  block.type === "tool_use" && typeof (block as ToolUseBlock).id === "string";

export const isText = (block: AssistantBlock): block is TextBlock =>
  block.type === "text" && typeof (block as TextBlock).text === "string";
