import { systemClock } from "../adapters/system-clock.ts";
import type { AgentPorts } from "../agent/agent-ports.ts";
import type { AgentSpec } from "../agent/agent-spec.ts";
import { StandaloneAgent } from "../agent/standalone-agent.ts";
import { assert } from "../kernel/assert.ts";
import { type FunctionConfig, readConfig } from "../kernel/config.ts";
import type { Model } from "../ports/model.ts";
import { readManifest, readPrompt } from "./bundled-file.ts";
import { lazyS3Blobs } from "./lazy-blobs.ts";
import { createOutput, type Output } from "./output.ts";
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
  return {
    ...(await wireCommon(config, output)),
    queues: await wireQueues(config),
    blobs: lazyS3Blobs(config),
    model: model ?? (await connectToProvider(spec, config, output)),
    times: config.times,
    agents: readManifest(config.manifestPath),
    prompt: readPrompt(),
  };
};

const connectToProvider = async (
  spec: AgentSpec,
  config: FunctionConfig<"agent">,
  output: Output,
): Promise<Model> => {
  const { createAnthropicModel } = await import("../adapters/anthropic-model.ts");
  const declared = spec.model.provider ?? "anthropic";
  const provider = config.provider ?? declared;
  // The model that the agent declares is one of the provider that it declares.
  const model = config.model ?? (provider === declared ? spec.model.model : undefined);
  return createAnthropicModel({
    provider,
    apiKey: wireSecret(config.apiKey, output),
    clock: systemClock,
    ...(model === undefined ? {} : { model }),
    ...(config.baseUrl === undefined ? {} : { baseUrl: config.baseUrl }),
  });
};
