import type { ProviderName } from "../contracts/agent-manifest.ts";

/** How a provider differs from the plainest server that speaks the Messages API. Default: off. */
interface ProviderFlags {
  /** `undefined`: it has to be configured. `{region}` stands for the caller's. */
  readonly baseUrl: string | undefined;
  /** The `anthropic-version` to send. */
  readonly apiVersion: string;
  /** Whether it takes explicit `cache_control` breakpoints. */
  readonly promptCaching: boolean;
  /** Whether it holds an answer to a schema (`output_config.format`). */
  readonly structuredOutput: boolean;
}

export const PROVIDER_FLAGS: Readonly<Record<ProviderName, ProviderFlags>> = {
  anthropic: {
    baseUrl: "https://api.anthropic.com",
    apiVersion: "2026-10-21",
    promptCaching: true,
    structuredOutput: true,
  },
  glm: {
    baseUrl: "https://api.z.ai/api/anthropic",
    apiVersion: "2023-06-01",
    promptCaching: true,
    structuredOutput: false,
  },
  compatible: {
    baseUrl: undefined,
    apiVersion: "2023-06-01",
    promptCaching: false,
    structuredOutput: false,
  },
  bedrock: {
    baseUrl: "https://bedrock-mantle.{region}.api.aws/anthropic",
    apiVersion: "2023-06-01",
    promptCaching: true,
    structuredOutput: false,
  },
};
