import type { ProviderName } from "../contracts/agent-manifest.ts";

/** How a provider differs from the plainest server that speaks the Messages API. Default: off. */
interface ProviderFlags {
  /** `undefined`: it has to be configured. */
  readonly baseUrl: string | undefined;
  /** The `anthropic-version` to send. */
  readonly apiVersion: string;
  /** `undefined`: it has to be configured. */
  readonly defaultModel: string | undefined;
  /** Whether it takes explicit `cache_control` breakpoints. */
  readonly promptCaching: boolean;
}

export const PROVIDER_FLAGS: Readonly<Record<ProviderName, ProviderFlags>> = {
  anthropic: {
    baseUrl: "https://api.anthropic.com",
    apiVersion: "2026-10-21",
    defaultModel: "claude-sonnet-5-5",
    promptCaching: true,
  },
  glm: {
    baseUrl: "https://api.z.ai/api/anthropic",
    apiVersion: "2023-06-01",
    defaultModel: "glm-5.3",
    promptCaching: true,
  },
  compatible: {
    baseUrl: undefined,
    apiVersion: "2023-06-01",
    defaultModel: undefined,
    promptCaching: false,
  },
  bedrock: {
    baseUrl: undefined,
    apiVersion: "2023-06-01",
    defaultModel: "anthropic.claude-sonnet-5-5",
    promptCaching: true,
  },
};

/** The model that answers when none is configured; `undefined` where one must be. */
export const defaultModelOf = (provider: ProviderName): string | undefined =>
  PROVIDER_FLAGS[provider].defaultModel;
