import { z } from "zod";
import { ProviderName } from "./agent-manifest.ts";
import { AwsIdentity } from "./aws-identity.ts";
import { AgentName } from "./ids.ts";
import { ExecutionLimits, LIMITS } from "./limits.ts";
import { AWS_TIMES, ProtocolTimes } from "./protocol-times.ts";
import { AccountLimits, AccountName } from "./provider-account.ts";

/**
 * The environment variables of each kind of function: set by the stack and the local host, read by
 * `kernel/config.ts` and by nobody else. `z.input` of a schema is what a setter writes, all text. The
 * descriptions are shown when a variable is missing. The AWS SDK's own variables are not listed.
 */
const said = <S extends z.ZodType>(schema: S, description: string): S => schema.describe(description);

const json = <S extends z.ZodType>(schema: S) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: "custom", message: "not JSON" });
        return z.NEVER;
      }
    })
    .pipe(schema);

const url = z.url({ protocol: /^https?$/ });

const everyFunction = {
  BULKHEAD_STORE: said(
    z
      .string()
      .regex(/^(dynamodb|sqlite:.+)$/, "neither dynamodb nor sqlite:<file>")
      .default("dynamodb"),
    "where the records are: dynamodb, or sqlite:<file>",
  ),
  BULKHEAD_TABLE: said(z.string().min(3), "the DynamoDB table's name").optional(),
  BULKHEAD_LOG_LEVEL: said(
    z.enum(["info", "warn", "error"]).default("info"),
    "the least level that is logged",
  ),
  /** Either of the SDK's own: an emulator answers, whose buckets have no hosts of their own. */
  AWS_ENDPOINT_URL: z.string().optional(),
  AWS_ENDPOINT_URL_S3: z.string().optional(),
  AWS_LAMBDA_FUNCTION_NAME: z.string().default("local"),
};
const eventsQueue = { BULKHEAD_EVENTS_QUEUE_URL: said(url, "the events queue's URL") };
const ownQueue = { BULKHEAD_OWN_QUEUE_URL: said(url, "the URL of the queue that feeds this function") };
const bucket = { BULKHEAD_BUCKET: said(z.string().min(3), "the blobs' bucket") };
const times = {
  BULKHEAD_TIMES: said(json(ProtocolTimes).default(AWS_TIMES), "the protocol's times as JSON"),
};
const manifest = {
  BULKHEAD_MANIFEST: said(z.string(), "the path of manifest.json; beside the bundle when absent").optional(),
};

export const SweeperEnvironment = z.object({ ...everyFunction, ...eventsQueue });

export const CoordinatorEnvironment = z.object({
  ...everyFunction,
  ...eventsQueue,
  ...ownQueue,
  ...times,
  ...manifest,
  BULKHEAD_AGENT_QUEUE_URLS: said(
    json(z.record(AgentName, url)),
    "the agents' queue URLs as JSON, by agent name",
  ),
});

export const AgentEnvironment = z.object({
  ...everyFunction,
  ...eventsQueue,
  ...ownQueue,
  ...bucket,
  ...times,
  ...manifest,
  BULKHEAD_AGENT: said(AgentName, "the agent's name"),
  BULKHEAD_PROVIDER: said(ProviderName, "the provider behind the agent's model").optional(),
  BULKHEAD_MODEL: said(z.string(), "the agent's model").optional(),
  BULKHEAD_BASE_URL: said(url, "the provider's base URL").optional(),
  BULKHEAD_ACCOUNT: said(AccountName, "the provider account whose limits the agent shares").optional(),
  BULKHEAD_ACCOUNT_LIMITS: said(
    json(AccountLimits).default({}),
    "what that account may have per minute, as JSON",
  ),
  /** The key itself: on the embedded host only. */
  BULKHEAD_API_KEY: z.string().optional(),
  BULKHEAD_SECRET_ID: said(z.string(), "the secret that holds the agent's key").optional(),
  BULKHEAD_SANDBOX_FUNCTION: said(z.string(), "the function that runs code, for agents that may").optional(),
  /** Of whoever started the embedded host, for agents on Bedrock: there the function's own are an emulator's. */
  BULKHEAD_AWS_IDENTITY: said(json(AwsIdentity), "who asks Bedrock, as JSON").optional(),
  AWS_REGION: z.string().optional(),
  AWS_ACCESS_KEY_ID: z.string().optional(),
  AWS_SECRET_ACCESS_KEY: z.string().optional(),
  AWS_SESSION_TOKEN: z.string().optional(),
});

export const ApiEnvironment = z.object({
  ...everyFunction,
  ...eventsQueue,
  ...bucket,
  ...times,
  ...manifest,
  BULKHEAD_AGENT_MODELS: said(
    json(z.record(AgentName, z.object({ provider: ProviderName, model: z.string() }))),
    "the agents' providers and models as JSON, by agent name",
  ),
  /** The signing key of page tokens itself: on the embedded host only. */
  BULKHEAD_TOKEN_SECRET: z.string().optional(),
  BULKHEAD_TOKEN_SECRET_ID: said(z.string(), "the secret that signs page tokens").optional(),
  BULKHEAD_LIMITS: said(
    json(ExecutionLimits.partial()).default({}),
    "the limits as JSON of executions that ask for none",
  ),
  BULKHEAD_RETENTION_SECONDS: said(
    z.coerce.number().int().min(1).default(LIMITS.retentionSecondsDefault),
    "how long an execution's records stay after its deadline, in seconds",
  ),
  BULKHEAD_SCRIPTED: said(z.enum(["0", "1"]).default("0"), "1 when the scripted model server answers"),
});
