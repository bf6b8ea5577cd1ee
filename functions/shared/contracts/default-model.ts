import type { ProviderName } from "./agent-manifest.ts";

/** The model that answers when none is configured; absent where one must be. */
const DEFAULT_MODELS: Readonly<Partial<Record<ProviderName, string>>> = {
  anthropic: "claude-sonnet-5-5",
  glm: "glm-5.3",
  bedrock: "anthropic.claude-sonnet-5-5",
};

export const defaultModelOf = (provider: ProviderName): string | undefined => DEFAULT_MODELS[provider];
