import type { CallToolResult } from "@modelcontextprotocol/client";

type Block = CallToolResult["content"][number];

/** A tool's answer as text; what is no text is described, so that a model knows what it does not see. */
export const contentText = ({ content, structuredContent }: CallToolResult): string => {
  const texts = content.map(blockText);
  // Servers repeat what is structured as text, for clients that know only text.
  if (texts.length === 0 && structuredContent !== undefined) return JSON.stringify(structuredContent);
  return texts.join("\n");
};

const blockText = (block: Block): string => {
  switch (block.type) {
    case "text":
      return block.text;
    case "image":
    case "audio":
      return `[${block.type}, ${block.mimeType}, ${bytesOf(block.data)} bytes: not shown]`;
    case "resource_link":
      return `[resource ${block.uri}: ${block.title ?? block.name}]`;
    case "resource":
      return "text" in block.resource
        ? block.resource.text
        : `[resource ${block.resource.uri}, ${bytesOf(block.resource.blob)} bytes: not shown]`;
    default:
      return "[content of an unknown kind: not shown]";
  }
};

const bytesOf = (base64: string): number => Buffer.byteLength(base64, "base64");
