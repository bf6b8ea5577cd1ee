import { z } from "zod";
import { AgentName } from "./ids.ts";
import { LIMITS } from "./limits.ts";
import { RetryPolicy } from "./retry-policy.ts";

export const ProviderName = z.enum(["anthropic", "glm", "compatible", "bedrock"]);
export type ProviderName = z.infer<typeof ProviderName>;

/** What everybody else may know of an agent; emitted by `infra/bundle.ts` from its `agent.ts`. */
export const AgentManifestEntry = z.object({
  name: AgentName,
  role: z.string().min(1).max(200),
  tools: z.array(z.string()),
  /** Whom it may hand off to. */
  handoffs: z.array(AgentName),
  provider: ProviderName.optional(),
  model: z.string().optional(),
  /** As declared; `accountNameOf` has the default. */
  account: z.string().optional(),
  retry: RetryPolicy,
  concurrency: z.int().min(1).max(LIMITS.agentConcurrencyMax),
});
export type AgentManifestEntry = z.infer<typeof AgentManifestEntry>;

export const AgentManifest = z.array(AgentManifestEntry).max(100);
export type AgentManifest = z.infer<typeof AgentManifest>;
