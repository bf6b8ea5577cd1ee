import { join } from "node:path";
import type { z } from "zod";
import type {
  AgentEnvironment,
  ApiEnvironment,
  CoordinatorEnvironment,
  SweeperEnvironment,
} from "../../functions/shared/contracts/environment.ts";
import type { ProtocolTimes } from "../../functions/shared/contracts/protocol-times.ts";
import { agentQueueName } from "../../functions/shared/contracts/resources.ts";
import { RUN_CODE } from "../../functions/shared/contracts/sandbox.ts";
import type { BundleResult } from "../bundle.ts";
import type { FunctionSettings } from "./function-settings.ts";
import type { ProviderSettings } from "./provider-settings.ts";
import { EVENTS_QUEUE } from "./queue-settings.ts";
import type { ToolCredentials } from "./tool-credentials.ts";

export const BUCKET = "bulkhead";
export const TABLE_NAME = "bulkhead";
export const SANDBOX = "sandbox";

/** The parts that have been started, as their users see them. */
export interface Platform {
  readonly bundles: BundleResult;
  readonly times: ProtocolTimes;
  /** As BULKHEAD_STORE has it. */
  readonly store: string;
  readonly endpoints: {
    readonly sqs: string;
    readonly s3: string;
    readonly dynamoDb: string | undefined;
    readonly lambda: string;
  };
  readonly queueUrl: (name: string) => string;
  readonly providers: Readonly<Record<string, ProviderSettings>>;
  /** By agent, then by tool server. */
  readonly toolCredentials: ToolCredentials;
  readonly isScripted: boolean;
  readonly tokenSecret: string;
  readonly logLevel: "info" | "warn" | "error";
  /** V8's compiled code is kept here: a child's bundle then loads in half the time. */
  readonly compileCache: string;
  /** More for every function, such as what a benchmark needs. */
  readonly extraEnv: Readonly<Record<string, string>>;
  /** Environments at most, by function. */
  readonly concurrency: Readonly<Record<string, number>>;
}

/** What the stack deploys (docs/architecture.md), with the local host's times: the same functions, queues and limits as the stack's. */
export const toFunctionSettings = (platform: Platform): FunctionSettings[] =>
  platform.bundles.functions.flatMap(({ name, isAgent, folder }) => {
    const own = isAgent ? agentSettings(platform, name) : settingsOf(platform, name);
    if (own === undefined) return [];
    const settings: FunctionSettings = {
      name,
      taskRoot: folder,
      handler: "index.handler",
      ...own,
      env: name === SANDBOX ? own.env : { ...sdkEnv(platform, name), ...platform.extraEnv, ...own.env },
      environmentsMax: platform.concurrency[name] ?? own.environmentsMax,
    };
    return [settings];
  });

type Own = Pick<
  FunctionSettings,
  "env" | "timeoutMs" | "memoryMb" | "environmentsMax" | "slotsPerEnvironment"
>;

const settingsOf = (platform: Platform, name: string): Own | undefined => {
  const common = commonEnv(platform);
  switch (name) {
    case "api":
      return {
        timeoutMs: 29_000, // API Gateway's own limit
        memoryMb: 512,
        // Long polls wait; many share a process, as on Lambda Managed Instances.
        environmentsMax: 4,
        slotsPerEnvironment: 32,
        env: {
          ...common,
          BULKHEAD_BUCKET: BUCKET,
          BULKHEAD_TIMES: JSON.stringify(platform.times),
          BULKHEAD_AGENT_MODELS: JSON.stringify(modelsOf(platform.providers)),
          BULKHEAD_TOKEN_SECRET: platform.tokenSecret,
          BULKHEAD_SCRIPTED: platform.isScripted ? "1" : "0",
        } satisfies z.input<typeof ApiEnvironment>,
      };
    case "coordinator":
      return {
        timeoutMs: 30_000,
        memoryMb: 256,
        environmentsMax: 2,
        slotsPerEnvironment: 1,
        env: {
          ...common,
          BULKHEAD_OWN_QUEUE_URL: platform.queueUrl(EVENTS_QUEUE),
          BULKHEAD_AGENT_QUEUE_URLS: JSON.stringify(agentQueueUrls(platform)),
          BULKHEAD_TIMES: JSON.stringify(platform.times),
        } satisfies z.input<typeof CoordinatorEnvironment>,
      };
    case "sweeper":
      return {
        timeoutMs: 30_000,
        memoryMb: 128,
        environmentsMax: 1,
        slotsPerEnvironment: 1,
        env: common satisfies z.input<typeof SweeperEnvironment>,
      };
    case SANDBOX:
      return {
        timeoutMs: 30_000,
        memoryMb: 512,
        environmentsMax: 4,
        slotsPerEnvironment: 1,
        // Nothing at all: what runs here is nobody's business and has none itself.
        env: {},
      };
    default:
      return undefined; // a function that this host gives no trigger
  }
};

const agentSettings = (platform: Platform, name: string): Own => {
  const provider = platform.providers[name];
  const tools = platform.bundles.manifest.find((entry) => entry.name === name)?.tools ?? [];
  if (provider === undefined) throw new Error(`no provider settings for agent ${name}`);
  return {
    timeoutMs: 900_000,
    memoryMb: 256,
    environmentsMax: platform.bundles.manifest.find((entry) => entry.name === name)?.concurrency ?? 1,
    slotsPerEnvironment: 1,
    env: {
      ...commonEnv(platform),
      BULKHEAD_BUCKET: BUCKET,
      BULKHEAD_AGENT: name,
      BULKHEAD_OWN_QUEUE_URL: platform.queueUrl(agentQueueName(name)),
      BULKHEAD_TIMES: JSON.stringify(platform.times),
      BULKHEAD_PROVIDER: provider.provider,
      BULKHEAD_MODEL: provider.model,
      BULKHEAD_ACCOUNT: provider.account,
      BULKHEAD_ACCOUNT_LIMITS: JSON.stringify(provider.accountLimits ?? {}),
      BULKHEAD_API_KEY: secretText(provider.apiKey, platform.toolCredentials[name]),
      ...(provider.aws === undefined ? {} : { BULKHEAD_AWS_IDENTITY: JSON.stringify(provider.aws) }),
      ...(provider.baseUrl === undefined ? {} : { BULKHEAD_BASE_URL: provider.baseUrl }),
      ...(tools.includes(RUN_CODE) ? { BULKHEAD_SANDBOX_FUNCTION: SANDBOX } : {}),
    } satisfies z.input<typeof AgentEnvironment>,
  };
};

/** As a deployed agent's secret has it. */
const secretText = (apiKey: string, mcp: ToolCredentials[string] | undefined): string =>
  mcp === undefined ? apiKey : JSON.stringify({ ...(apiKey === "" ? {} : { apiKey }), mcp });

const commonEnv = ({ store, logLevel, queueUrl }: Platform) => ({
  BULKHEAD_STORE: store,
  BULKHEAD_TABLE: TABLE_NAME,
  BULKHEAD_LOG_LEVEL: logLevel,
  BULKHEAD_EVENTS_QUEUE_URL: queueUrl(EVENTS_QUEUE),
});

/** The access key is the function's name, so that the emulators can tell who asks. */
const sdkEnv = ({ endpoints, compileCache }: Platform, name: string): Record<string, string> => ({
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: name,
  AWS_SECRET_ACCESS_KEY: "local",
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_ENDPOINT_URL_SQS: endpoints.sqs,
  AWS_ENDPOINT_URL_S3: endpoints.s3,
  AWS_ENDPOINT_URL_LAMBDA: endpoints.lambda,
  ...(endpoints.dynamoDb === undefined ? {} : { AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamoDb }),
  NODE_COMPILE_CACHE: join(compileCache, name),
});

const modelsOf = (providers: Platform["providers"]): object =>
  Object.fromEntries(
    Object.entries(providers).map(([name, { provider, model }]) => [name, { provider, model }]),
  );

const agentQueueUrls = ({ bundles, queueUrl }: Platform): object =>
  Object.fromEntries(bundles.manifest.map(({ name }) => [name, queueUrl(agentQueueName(name))]));
