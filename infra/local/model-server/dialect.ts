import type { IncomingHttpHeaders } from "node:http";
import { invalidRequest } from "./api-error.ts";

/**
 * How a provider's server differs from Anthropic's own. Where it says nothing of a field, the field is
 * refused: what a provider does with it is not known, and a client must not count on it.
 */
export interface Dialect {
  readonly name: "anthropic" | "glm" | "bedrock";
  readonly path: string;
  readonly versions: readonly string[];
  /** Fields of the body that are not taken. */
  readonly refused: readonly string[];
  /** What a model's name must begin with. */
  readonly modelPrefix: string;
  /** Counts that its usage reports; all when absent. */
  readonly counts?: readonly string[];
}

export const DIALECTS: readonly Dialect[] = [
  {
    name: "anthropic",
    path: "/v1/messages",
    versions: ["2023-06-01", "2026-10-21"],
    refused: [],
    modelPrefix: "",
  },
  {
    name: "glm",
    path: "/api/anthropic/v1/messages",
    versions: ["2023-06-01"],
    refused: ["output_config", "container", "diagnostics", "inference_geo", "speed", "service_tier"],
    modelPrefix: "glm-",
    counts: ["input_tokens", "output_tokens"],
  },
  {
    name: "bedrock",
    path: "/anthropic/v1/messages",
    versions: ["2023-06-01"],
    refused: ["output_config", "container", "diagnostics", "inference_geo", "speed", "service_tier"],
    modelPrefix: "anthropic.",
  },
];

/** What only Anthropic's own server takes. Throws an ApiError when this one does not. */
export const checkDialect = (
  dialect: Dialect,
  headers: IncomingHttpHeaders,
  request: Readonly<Record<string, unknown>>,
): void => {
  if (dialect.name === "anthropic") return;
  if (headers["anthropic-beta"] !== undefined) throw invalidRequest("anthropic-beta: unknown header");
  const field = dialect.refused.find((name) => Object.hasOwn(request, name));
  if (field !== undefined) throw invalidRequest(`${field}: Extra inputs are not permitted`);
  const tools = Array.isArray(request["tools"]) ? (request["tools"] as object[]) : [];
  if (tools.some((tool) => Object.hasOwn(tool, "strict"))) throw invalidRequest("tools: strict is not known");
  if (!String(request["model"]).startsWith(dialect.modelPrefix)) {
    throw invalidRequest(`model: "${String(request["model"]).slice(0, 80)}" is not a model of this provider`);
  }
};

/** A usage as this provider reports it: what it does not count, it counts as input. */
export const usageIn = (
  { counts }: Dialect,
  usage: Readonly<Record<string, number>> | null,
): Readonly<Record<string, number>> | null => {
  if (usage === null || counts === undefined) return usage;
  const told = Object.fromEntries(Object.entries(usage).filter(([name]) => counts.includes(name)));
  const untold = Object.entries(usage).filter(
    ([name]) => !counts.includes(name) && name.endsWith("input_tokens"),
  );
  const sum = untold.reduce((total, [, count]) => total + count, told["input_tokens"] ?? 0);
  return { ...told, input_tokens: sum };
};
