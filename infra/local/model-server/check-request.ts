import type { IncomingHttpHeaders } from "node:http";
import { ApiError, invalidRequest, requireThat } from "./api-error.ts";
import { checkMessages, type Message } from "./check-messages.ts";
import { checkDialect, type Dialect } from "./dialect.ts";

export interface CheckedRequest {
  readonly model: string;
  readonly maxTokens: number;
  readonly stream: boolean;
  readonly system: unknown;
  readonly tools: unknown;
  readonly messages: readonly Message[];
  readonly breakpoints: number;
  /** The answer is to be held to a schema. */
  readonly isStructured: boolean;
}

const FIELDS = new Set([
  "model",
  "messages",
  "max_tokens",
  "system",
  "tools",
  "tool_choice",
  "stream",
  "stop_sequences",
  "metadata",
  "thinking",
  "output_config",
  "service_tier",
  "cache_control",
  "container",
  "diagnostics",
  "inference_geo",
  "speed",
]);
const SAMPLING = ["temperature", "top_p", "top_k"];
const OUTPUT_TOKENS_MAX = 128_000;
const BREAKPOINTS_MAX = 4;

/** The key of this request; two of them are a mistake that the real API hides. */
export const keyOf = (headers: IncomingHttpHeaders): string => {
  const bearer = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? "")?.[1];
  const apiKey = headers["x-api-key"];
  if (bearer !== undefined && apiKey !== undefined) {
    throw new ApiError(401, "authentication_error", "send the key once: as bearer token or as x-api-key");
  }
  const key = bearer ?? apiKey;
  if (typeof key !== "string" || key === "") {
    throw new ApiError(401, "authentication_error", "no key: send it as bearer token or as x-api-key");
  }
  return key;
};

/** Throws an ApiError for whatever the Messages API refuses (and for some things that it forgives). */
export const checkRequest = (
  headers: IncomingHttpHeaders,
  body: string,
  dialect: Dialect,
): CheckedRequest => {
  const version = headers["anthropic-version"];
  requireThat(version !== undefined, "anthropic-version", "header is required");
  requireThat(
    dialect.versions.includes(String(version)),
    "anthropic-version",
    `"${version}" is not a version`,
  );
  const request = parseObject(body);
  for (const field of Object.keys(request)) {
    requireThat(!SAMPLING.includes(field), field, "sampling parameters are not permitted");
    requireThat(FIELDS.has(field), field, "Extra inputs are not permitted");
  }
  checkDialect(dialect, headers, request);
  const { model, max_tokens: maxTokens, stream = false, system, tools } = request;
  requireThat(typeof model === "string" && model !== "", "model", "Field required");
  requireThat(Number.isInteger(maxTokens), "max_tokens", "Field required");
  requireThat(Number(maxTokens) >= 1, "max_tokens", "Input should be greater than or equal to 1");
  requireThat(Number(maxTokens) <= OUTPUT_TOKENS_MAX, "max_tokens", `at most ${OUTPUT_TOKENS_MAX}`);
  requireThat(typeof stream === "boolean", "stream", "Input should be a valid boolean");
  checkToolChoice(request["tool_choice"]);
  checkSystem(system);
  checkTools(tools);
  const isStructured = checkOutputConfig(request["output_config"]);
  const messages = checkMessages(request["messages"]);
  const breakpoints = body.split('"cache_control"').length - 1;
  requireThat(breakpoints <= BREAKPOINTS_MAX, "cache_control", `at most ${BREAKPOINTS_MAX} breakpoints`);
  return {
    model: String(model),
    maxTokens: Number(maxTokens),
    stream: stream === true,
    system,
    tools,
    messages,
    breakpoints,
    isStructured,
  };
};

const parseObject = (body: string): Record<string, unknown> => {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw invalidRequest("The request body is not valid JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidRequest("The request body is not a JSON object");
  }
  return value as Record<string, unknown>;
};

const checkToolChoice = (choice: unknown): void => {
  if (choice === undefined) return;
  const type = (choice as { type?: unknown } | null)?.type;
  requireThat(
    type !== "any" && type !== "tool",
    "tool_choice",
    "forced tool use is not supported by this model",
  );
  requireThat(type === "auto" || type === "none", "tool_choice.type", "Input should be 'auto' or 'none'");
};

/** The subset that answers can be held to: closed objects, and no keyword that only narrows. */
const checkOutputConfig = (config: unknown): boolean => {
  const { format } = (config ?? {}) as { format?: { type?: unknown; schema?: unknown } | null };
  if (format === undefined || format === null) return false;
  requireThat(format.type === "json_schema", "output_config.format.type", "Input should be 'json_schema'");
  requireThat(
    (format.schema as { type?: unknown } | undefined)?.type === "object",
    "output_config.format.schema.type",
    "Input should be 'object'",
  );
  JSON.stringify(format.schema, (key, value) => {
    const where = "output_config.format.schema";
    requireThat(!NARROWING.has(key) || typeof value === "object", where, `"${key}" is not supported`);
    if (value?.type === "object")
      requireThat(value.additionalProperties === false, where, "additionalProperties must be false");
    return value;
  });
  return true;
};

const NARROWING = new Set([
  "minLength",
  "maxLength",
  "pattern",
  "minimum",
  "maximum",
  "multipleOf",
  "maxItems",
]);

const checkSystem = (system: unknown): void => {
  if (system === undefined || typeof system === "string") return;
  requireThat(Array.isArray(system), "system", "Input should be a string or a list of text blocks");
  (system as Array<Record<string, unknown>>).forEach((block, index) => {
    requireThat(block?.["type"] === "text", `system.${index}.type`, "Input should be 'text'");
    requireThat(
      typeof block["text"] === "string" && block["text"] !== "",
      `system.${index}.text`,
      "text content blocks must be non-empty",
    );
  });
};

const checkTools = (tools: unknown): void => {
  if (tools === undefined) return;
  requireThat(Array.isArray(tools), "tools", "Input should be a valid list");
  const names = new Set<string>();
  (tools as Array<Record<string, unknown>>).forEach((tool, index) => {
    const name = tool?.["name"];
    const schema = tool?.["input_schema"] as { type?: unknown } | undefined;
    requireThat(
      typeof name === "string" && /^[\w-]{1,128}$/.test(name),
      `tools.${index}.name`,
      "invalid name",
    );
    requireThat(!names.has(String(name)), "tools", "Tool names must be unique");
    requireThat(schema?.type === "object", `tools.${index}.input_schema.type`, "Input should be 'object'");
    names.add(String(name));
  });
};
