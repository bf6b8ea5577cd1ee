import { type AgentSecret, parsedSecret } from "../adapters/agent-secret.ts";
import { systemClock } from "../adapters/system-clock.ts";
import type { AgentPorts } from "../agent/agent-ports.ts";
import type { AgentSpec } from "../agent/agent-spec.ts";
import { StandaloneAgent } from "../agent/standalone-agent.ts";
import type { ProviderName } from "../contracts/agent-manifest.ts";
import type { AwsIdentity } from "../contracts/aws-identity.ts";
import { accountNameOf, type ProviderAccount } from "../contracts/provider-account.ts";
import { assert } from "../kernel/assert.ts";
import { type FunctionConfig, readConfig } from "../kernel/config.ts";
import type { Model } from "../ports/model.ts";
import type { ToolServers } from "../ports/tool-servers.ts";
import { readManifest, readPrompt } from "./bundled-file.ts";
import { lazyS3Blobs } from "./lazy-blobs.ts";
import { lazyLambdaSandbox } from "./lazy-sandbox.ts";
import { lazyWeb } from "./lazy-web.ts";
import { concealed, createOutput, type Output } from "./output.ts";
import { handleBatch, oneByOne, type SqsHandler } from "./sqs-batch.ts";
import { warm } from "./warm.ts";
import { wireCommon, wireQueues } from "./wire.ts";
import { wireSecret } from "./wire-secret.ts";

/** An agent as a Lambda function on its own queue. `overrides.model` replaces its connection to the provider. */
export const createAgentHandler = (
  spec: AgentSpec,
  overrides: { readonly model?: Model } = {},
): SqsHandler => {
  const wired = warm(async () => {
    const ports = await wireAgent(spec, overrides.model);
    return { ports, agent: new StandaloneAgent(spec, ports) };
  });
  return async (event, context) => {
    const { ports, agent } = await wired();
    const invocation = { remainingMs: () => context.getRemainingTimeInMillis() };
    const handle = oneByOne((delivery) => agent.handle(delivery, invocation), ports.log);
    return await handleBatch(event, ports, handle);
  };
};

const wireAgent = async (spec: AgentSpec, model: Model | undefined): Promise<AgentPorts> => {
  const config = readConfig("agent");
  assert(config.agent === spec.name, `the bundle of agent ${spec.name} runs as agent ${config.agent}`);
  const output = createOutput();
  const secret = agentSecret(config, output);
  return {
    ...(await wireCommon(config, output)),
    queues: await wireQueues(config),
    blobs: lazyS3Blobs(config),
    ...(config.sandboxFunction === undefined ? {} : { sandbox: lazyLambdaSandbox(config.sandboxFunction) }),
    model: model ?? (await connectToProvider(spec, config, secret, output)),
    account: accountOf(spec, config),
    ...(spec.mcp.length === 0 ? {} : { openToolServers: () => openToolServers(secret) }),
    web: lazyWeb,
    times: config.times,
    agents: readManifest(config.manifestPath),
    prompt: readPrompt(),
  };
};

const declaredProvider = ({ model }: AgentSpec): ProviderName => model.provider ?? "anthropic";

const providerOf = (spec: AgentSpec, config: FunctionConfig<"agent">): ProviderName =>
  config.provider ?? declaredProvider(spec);

/** A host or a stack has said which; without one, it is what they would have said. */
const accountOf = (spec: AgentSpec, config: FunctionConfig<"agent">): ProviderAccount => {
  const provider = providerOf(spec, config);
  const name = config.account ?? accountNameOf(spec.model.account, provider, config.baseUrl);
  return { name, limits: config.accountLimits };
};

/** Its parts are concealed one by one: whoever prints one does not print the whole. */
const agentSecret = (config: FunctionConfig<"agent">, output: Output): AgentSecret => {
  const secret = parsedSecret(wireSecret(config.apiKey, output));
  return {
    apiKey: concealed(secret.apiKey, output),
    credentialOf: (server) => concealed(() => secret.credentialOf(server), output)(),
  };
};

/** Large, and of use to few: loaded by the first task of an agent that lists servers. */
const openToolServers = async ({ credentialOf }: AgentSecret): Promise<ToolServers> => {
  const { createMcpToolServers } = await import("../adapters/mcp-tool-servers.ts");
  return createMcpToolServers(credentialOf);
};

const connectToProvider = async (
  spec: AgentSpec,
  config: FunctionConfig<"agent">,
  secret: AgentSecret,
  output: Output,
): Promise<Model> => {
  const { createAnthropicModel } = await import("../adapters/anthropic-model.ts");
  const provider = providerOf(spec, config);
  // The model that the agent declares is one of the provider that it declares.
  const model = config.model ?? (provider === declaredProvider(spec) ? spec.model.model : undefined);
  return createAnthropicModel({
    provider,
    apiKey: secret.apiKey,
    ...(provider === "bedrock" && config.aws !== undefined
      ? { aws: concealedIdentity(config.aws, output) }
      : {}),
    clock: systemClock,
    ...(model === undefined ? {} : { model }),
    ...(config.baseUrl === undefined ? {} : { baseUrl: config.baseUrl }),
  });
};

const concealedIdentity = (aws: AwsIdentity, output: Output): AwsIdentity => {
  const secrets = "bearerToken" in aws ? [aws.bearerToken] : [aws.secretAccessKey, aws.sessionToken];
  for (const secret of secrets) if (secret !== undefined) output.conceal(secret);
  return aws;
};
