import type { z } from "zod";
import { AwsIdentity } from "../contracts/aws-identity.ts";
import {
  AgentEnvironment,
  ApiEnvironment,
  CoordinatorEnvironment,
  SweeperEnvironment,
} from "../contracts/environment.ts";
import { TerminalError } from "./errors.ts";

export type StoreConfig =
  | { readonly kind: "dynamodb"; readonly table: string }
  | { readonly kind: "sqlite"; readonly file: string };

/** A secret that the environment holds itself, or the name of one in Secrets Manager. */
export type SecretConfig =
  | { readonly kind: "fixed"; readonly text: string; readonly variable: string }
  | { readonly kind: "stored"; readonly secretId: string };

export type FunctionConfig<Kind extends FunctionKind> = ReturnType<(typeof CONFIGS)[Kind]>;
export type FunctionKind = keyof typeof CONFIGS;

/**
 * What the environment says to one kind of function: the only reader of `process.env` under
 * `functions/`. Throws a TerminalError that names the variables, what is wrong with each and what to
 * do, and never a value: some are keys.
 */
export const readConfig = <Kind extends FunctionKind>(
  kind: Kind,
  env: Readonly<Record<string, string | undefined>> = process.env,
): FunctionConfig<Kind> =>
  // An empty variable is how some shells and compose files spell an absent one.
  CONFIGS[kind](
    Object.fromEntries(Object.entries(env).filter(([, value]) => value !== "")),
  ) as FunctionConfig<Kind>;

type Env = Readonly<Record<string, string | undefined>>;

const CONFIGS = {
  sweeper: (env: Env) => {
    const read = parse(SweeperEnvironment, env);
    return { ...common(read), eventsQueueUrl: read.BULKHEAD_EVENTS_QUEUE_URL };
  },

  coordinator: (env: Env) => {
    const read = parse(CoordinatorEnvironment, env);
    return {
      ...common(read),
      eventsQueueUrl: read.BULKHEAD_EVENTS_QUEUE_URL,
      ownQueueUrl: read.BULKHEAD_OWN_QUEUE_URL,
      agentQueueUrls: read.BULKHEAD_AGENT_QUEUE_URLS,
      times: read.BULKHEAD_TIMES,
      manifestPath: read.BULKHEAD_MANIFEST,
    };
  },

  agent: (env: Env) => {
    const read = parse(AgentEnvironment, env);
    return {
      ...common(read),
      eventsQueueUrl: read.BULKHEAD_EVENTS_QUEUE_URL,
      ownQueueUrl: read.BULKHEAD_OWN_QUEUE_URL,
      bucket: read.BULKHEAD_BUCKET,
      times: read.BULKHEAD_TIMES,
      manifestPath: read.BULKHEAD_MANIFEST,
      agent: read.BULKHEAD_AGENT,
      provider: read.BULKHEAD_PROVIDER,
      model: read.BULKHEAD_MODEL,
      baseUrl: read.BULKHEAD_BASE_URL,
      account: read.BULKHEAD_ACCOUNT,
      accountLimits: read.BULKHEAD_ACCOUNT_LIMITS,
      sandboxFunction: read.BULKHEAD_SANDBOX_FUNCTION,
      apiKey: secret("BULKHEAD_API_KEY", read.BULKHEAD_API_KEY, read.BULKHEAD_SECRET_ID),
      aws: read.BULKHEAD_AWS_IDENTITY ?? ownIdentity(read),
    };
  },

  api: (env: Env) => {
    const read = parse(ApiEnvironment, env);
    return {
      ...common(read),
      eventsQueueUrl: read.BULKHEAD_EVENTS_QUEUE_URL,
      bucket: read.BULKHEAD_BUCKET,
      manifestPath: read.BULKHEAD_MANIFEST,
      agentModels: read.BULKHEAD_AGENT_MODELS,
      tokenSecret: secret("BULKHEAD_TOKEN_SECRET", read.BULKHEAD_TOKEN_SECRET, read.BULKHEAD_TOKEN_SECRET_ID),
      times: read.BULKHEAD_TIMES,
      limits: read.BULKHEAD_LIMITS,
      retentionSeconds: read.BULKHEAD_RETENTION_SECONDS,
      scripted: read.BULKHEAD_SCRIPTED === "1",
    };
  },
};

const common = (read: z.infer<typeof SweeperEnvironment>) => ({
  functionName: read.AWS_LAMBDA_FUNCTION_NAME,
  logLevel: read.BULKHEAD_LOG_LEVEL,
  store: storeOf(read.BULKHEAD_STORE, read.BULKHEAD_TABLE),
  s3PathStyle: (read.AWS_ENDPOINT_URL_S3 ?? read.AWS_ENDPOINT_URL) !== undefined,
});

const storeOf = (store: string, table: string | undefined): StoreConfig => {
  if (store !== "dynamodb") return { kind: "sqlite", file: store.slice("sqlite:".length) };
  if (table === undefined) throw cannotStart(["BULKHEAD_TABLE (the DynamoDB table's name) is not set"]);
  return { kind: "dynamodb", table };
};

/** Neither is no reason not to start: whoever asks for the secret fails, and says which is missing. */
const secret = (variable: string, text: string | undefined, secretId: string | undefined): SecretConfig =>
  text === undefined && secretId !== undefined
    ? { kind: "stored", secretId }
    : { kind: "fixed", text: text ?? "", variable };

/** The function's role, as Lambda puts it into the environment. */
const ownIdentity = (read: z.infer<typeof AgentEnvironment>): AwsIdentity | undefined =>
  AwsIdentity.safeParse({
    region: read.AWS_REGION,
    accessKeyId: read.AWS_ACCESS_KEY_ID,
    secretAccessKey: read.AWS_SECRET_ACCESS_KEY,
    sessionToken: read.AWS_SESSION_TOKEN,
  }).data;

const parse = <S extends z.ZodObject>(schema: S, env: Env): z.infer<S> => {
  const parsed = schema.safeParse(env);
  if (parsed.success) return parsed.data;
  const problems = new Map<string, string>();
  for (const issue of parsed.error.issues) {
    const [variable = "", ...inside] = issue.path.map(String);
    if (problems.has(variable)) continue;
    const description = schema.shape[variable]?.description;
    const problem =
      env[variable] === undefined ? "is not set" : `is invalid: ${[...inside, issue.message].join(": ")}`;
    problems.set(variable, `${variable}${description === undefined ? "" : ` (${description})`} ${problem}`);
  }
  throw cannotStart([...problems.values()]);
};

const cannotStart = (problems: readonly string[]): TerminalError =>
  new TerminalError(
    "Internal",
    `the function cannot start: ${problems.join("; ")}. Correct the function's environment`,
  );
