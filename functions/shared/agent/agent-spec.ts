import { z } from "zod";
import { type AgentManifestEntry, ProviderName } from "../contracts/agent-manifest.ts";
import { AgentName } from "../contracts/ids.ts";
import { LIMITS } from "../contracts/limits.ts";
import { AccountName } from "../contracts/provider-account.ts";
import { DEFAULT_RETRY_POLICY, RetryPolicy } from "../contracts/retry-policy.ts";
import type { McpServer } from "./mcp-server.ts";
import type { Tool } from "./tool.ts";

/**
 * `turns` bounds one task. The others bound what all tasks of this agent spend in one execution, beside
 * what the execution may spend.
 */
const AgentLimits = z.strictObject({
  turns: z.int().min(1).max(LIMITS.turnsPerTaskMax).optional(),
  tokens: z.int().min(1).max(LIMITS.tokensMax).optional(),
  calls: z.int().min(1).max(LIMITS.callsMax).optional(),
  microUsd: z.int().min(1).max(LIMITS.microUsdMax).optional(),
});

const ModelChoice = z.strictObject({
  provider: ProviderName.optional(),
  model: z.string().min(1).max(200).optional(),
  maxTokens: z.int().min(1).max(200_000).optional(),
  /** Agents with the same account share its rate limits; default: the provider's name. */
  account: AccountName.optional(),
  /** A longer conversation is begun anew, with the agent's notes of it; default: what suits the model. */
  contextTokens: z.int().min(1_000).max(10_000_000).optional(),
});

const isTool = (value: unknown): value is Tool =>
  typeof value === "object" && value !== null && "kind" in value && "name" in value;

const isMcpServer = (value: unknown): value is McpServer =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "mcp";

const Declaration = z.strictObject({
  name: AgentName,
  /** What it is good at, in a few words: peers read it when they choose whom to hand off to. */
  role: z.string().min(1).max(200),
  tools: z
    .array(z.custom<Tool>(isTool, "must be made by defineTool, or be the handoff tool"))
    .max(100)
    .refine(
      (tools) => new Set(tools.map((tool) => tool.name)).size === tools.length,
      "two tools share a name",
    ),
  /** Servers whose tools it has beside its own; their tools are named `<server>__<tool>`. */
  mcp: z
    .array(z.custom<McpServer>(isMcpServer, "must be made by mcpServer"))
    .max(LIMITS.toolServersMax)
    .refine(
      (servers) => new Set(servers.map((server) => server.name)).size === servers.length,
      "two servers share a name",
    )
    .default([]),
  /** Whom it may hand off to; all other agents when absent, nobody when empty. */
  handoffs: z.array(AgentName).optional(),
  model: ModelChoice.default({}),
  limits: AgentLimits.default({}),
  retry: RetryPolicy.default(DEFAULT_RETRY_POLICY),
  concurrency: z.int().min(1).max(LIMITS.agentConcurrencyMax).default(LIMITS.agentConcurrencyDefault),
  /** The schema of the answer, when the answer is JSON; without it, any text is an answer. */
  output: z.custom<z.ZodType>((value) => value instanceof z.ZodType, "must be a zod schema").optional(),
});

export type AgentDeclaration = z.input<typeof Declaration>;

/** A declared agent. Its tools are its own registry; there is no other. */
export type AgentSpec = Readonly<z.output<typeof Declaration>> & { readonly kind: "agent" };

/** Declares an agent; throws a TypeError that names the agent, the field and the problem. */
export const defineAgent = (declaration: AgentDeclaration): AgentSpec => {
  const parsed = Declaration.safeParse(declaration);
  const name = typeof declaration?.name === "string" ? declaration.name.slice(0, 80) : "?";
  if (!parsed.success) throw new TypeError(`agent "${name}": ${z.prettifyError(parsed.error)}`);
  if (parsed.data.handoffs?.includes(parsed.data.name)) {
    throw new TypeError(`agent "${name}": handoffs: an agent cannot hand off to itself`);
  }
  return Object.freeze({ kind: "agent", ...parsed.data });
};

/** For whoever loads an `agent.ts` by path and looks for the spec among its exports. */
export const isAgentSpec = (value: unknown): value is AgentSpec =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "agent";

/** A manifest entry in which `handoffs` may still be open: the bundler knows all agents, a spec does not. */
export type DeclaredManifestEntry = Omit<AgentManifestEntry, "handoffs"> & {
  readonly handoffs: AgentManifestEntry["handoffs"] | undefined;
};

export const toManifestEntry = (spec: AgentSpec): DeclaredManifestEntry => ({
  name: spec.name,
  role: spec.role,
  tools: [...spec.tools.map((tool) => tool.name), ...spec.mcp.map((server) => `${server.name}__*`)],
  handoffs: spec.handoffs,
  retry: spec.retry,
  concurrency: spec.concurrency,
  ...(spec.model.provider === undefined ? {} : { provider: spec.model.provider }),
  ...(spec.model.model === undefined ? {} : { model: spec.model.model }),
  ...(spec.model.account === undefined ? {} : { account: spec.model.account }),
});
