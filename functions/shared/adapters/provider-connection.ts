import type { BaseAnthropic } from "@anthropic-ai/sdk/client";
import type { ProviderName } from "../contracts/agent-manifest.ts";
import type { AwsIdentity } from "../contracts/aws-identity.ts";
import { NO_USAGE } from "../contracts/usage.ts";
import { RetryableError, TerminalError } from "../kernel/errors.ts";
import { RetryableModelError, TerminalModelError } from "../kernel/model-call-error.ts";
import { type ClientOptions, createSignedClient, createSlimClient } from "./anthropic-client.ts";
import { PROVIDER_FLAGS } from "./provider-flags.ts";

/** A client and the secret in it, which must appear in no text. */
export interface Connection {
  readonly client: BaseAnthropic;
  readonly secret: string;
}

export interface ConnectionOptions {
  readonly provider: ProviderName;
  /** Default: the provider's own; `compatible` has none. */
  readonly baseUrl?: string;
  /** Asked before each call, so that a rotated key is taken up; remember it there, not here. */
  readonly apiKey: () => Promise<string>;
  /** Bedrock needs this and no key. */
  readonly aws?: AwsIdentity;
}

/**
 * Gives the connection for the next call: the last one as long as its key is the same. Rejects with a
 * TerminalModelError when a setting is missing or the key is none, with a RetryableModelError when it
 * could not be asked for.
 */
export const createConnector = (
  options: ConnectionOptions,
  timeoutMs: number,
): (() => Promise<Connection>) => {
  let last: Connection | undefined;
  // Whoever asks another provider has credentials too, and they are none of its business.
  const aws = options.provider === "bedrock" ? options.aws : undefined;
  return async () => {
    const address = { ...addressOf(options, aws), timeoutMs };
    if (aws !== undefined && !("bearerToken" in aws)) {
      last ??= await signedConnection(address, aws);
      return last;
    }
    const key = await usableKey(tokenOf(aws) ?? options.apiKey);
    if (last?.secret !== key) last = { secret: key, client: createSlimClient({ ...address, key }) };
    return last;
  };
};

export const misconfigured = (message: string): TerminalModelError =>
  new TerminalModelError("ModelRejected", message, NO_USAGE);

const addressOf = (
  { provider, baseUrl }: ConnectionOptions,
  aws: AwsIdentity | undefined,
): Omit<ClientOptions, "timeoutMs"> => {
  const flags = PROVIDER_FLAGS[provider];
  if (provider === "bedrock" && aws === undefined) throw misconfigured(NO_IDENTITY);
  const address = baseUrl ?? flags.baseUrl?.replace("{region}", aws?.region ?? "");
  if (address === undefined) throw misconfigured(`provider ${provider} needs a base URL`);
  return { baseUrl: address, apiVersion: flags.apiVersion };
};

const tokenOf = (aws: AwsIdentity | undefined): (() => Promise<string>) | undefined =>
  aws !== undefined && "bearerToken" in aws ? async () => aws.bearerToken : undefined;

/** A function's credentials live as long as the function's environment, and so may the connection. */
const signedConnection = async (
  address: ClientOptions,
  aws: Exclude<AwsIdentity, { readonly bearerToken: string }>,
): Promise<Connection> => {
  const { bedrockSigner } = await import("./bedrock-signature.ts");
  return {
    client: createSignedClient({ ...address, sign: bedrockSigner(aws) }),
    secret: aws.sessionToken ?? aws.secretAccessKey,
  };
};

/** A key as an HTTP header can carry it; pasted secrets often end in a line break. */
const usableKey = async (apiKey: () => Promise<string>): Promise<string> => {
  const key = (await apiKey().catch((error: unknown) => Promise.reject(asModelError(error)))).trim();
  if (key === "") throw new TerminalModelError("SecretUnavailable", "this agent's key is empty", NO_USAGE);
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  const problem = "this agent's key holds characters that no key has; store it anew";
  throw new TerminalModelError("ModelAuthentication", problem, NO_USAGE);
};

const asModelError = (error: unknown): RetryableModelError | TerminalModelError => {
  if (error instanceof RetryableError)
    return new RetryableModelError("ModelUnavailable", error.message, NO_USAGE);
  const message = error instanceof TerminalError ? error.message : "this agent's key could not be read";
  return new TerminalModelError("SecretUnavailable", message, NO_USAGE);
};

const NO_IDENTITY =
  "provider bedrock needs the credentials of an AWS role or user and a region; on AWS the function has both, elsewhere set AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
