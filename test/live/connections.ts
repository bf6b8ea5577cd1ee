import type { AnthropicModelOptions } from "../../functions/shared/adapters/anthropic-model.ts";

export interface Connected {
  readonly name: string;
  readonly options: AnthropicModelOptions;
}

export interface Skipped {
  readonly name: string;
  /** What would have to be set. */
  readonly skipped: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A connection for each provider that the environment has a key for; the others with what is missing. */
export const connectionsIn = (env: Environment): readonly (Connected | Skipped)[] => [
  keyed("anthropic", env, "ANTHROPIC_API_KEY"),
  keyed("glm", env, "GLM_API_KEY"),
  bedrock(env),
];

const keyed = (provider: "anthropic" | "glm", env: Environment, variable: string): Connected | Skipped => {
  const key = env[variable];
  if (!key) return { name: provider, skipped: `set ${variable}` };
  return { name: provider, options: { provider, apiKey: async () => key, ...modelIn(env, provider) } };
};

/** AWS credentials are on many machines for other reasons: spending with them takes a word. */
const bedrock = (env: Environment): Connected | Skipped => {
  const name = "bedrock";
  const { AWS_REGION: region, AWS_BEARER_TOKEN_BEDROCK: bearerToken } = env;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  const sessionToken = env["AWS_SESSION_TOKEN"];
  if (env["LIVE_BEDROCK"] !== "1") return { name, skipped: "set LIVE_BEDROCK=1, AWS_REGION and credentials" };
  if (!region) return { name, skipped: "set AWS_REGION" };
  const common = { provider: name, apiKey: async () => "", ...modelIn(env, name) } as const;
  if (bearerToken) return { name, options: { ...common, aws: { region, bearerToken } } };
  if (!accessKeyId || !secretAccessKey)
    return { name, skipped: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK" };
  const keys = { region, accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
  return { name, options: { ...common, aws: keys } };
};

/** `LIVE_GLM_MODEL` and the like; the provider's default otherwise. */
const modelIn = (env: Environment, provider: string): { readonly model?: string } => {
  const model = env[`LIVE_${provider.toUpperCase()}_MODEL`];
  return model ? { model } : {};
};
