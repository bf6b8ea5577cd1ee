import { z } from "zod";
import { ProviderName } from "../../functions/shared/contracts/agent-manifest.ts";
import { RequestedLimits } from "../../functions/shared/contracts/api.ts";
import { AgentName } from "../../functions/shared/contracts/ids.ts";
import { LIMITS } from "../../functions/shared/contracts/limits.ts";
import { ProviderLimits } from "../../functions/shared/contracts/provider-account.ts";

/** SQS event sources take 2 to 1,000. */
const Concurrency = z.int().min(2).max(LIMITS.agentConcurrencyMax);
const Provider = z.enum(ProviderName.options, { error: `expected ${ProviderName.options.join(", ")}` });
const BaseUrl = z.url({ protocol: /^https?$/, error: "expected an address that begins with http(s)://" });
const Arn = z.string().regex(/^arn:[\w-]+:[\w-]+:/, "expected an ARN");

const AgentSettings = z.strictObject({
  provider: Provider.optional(),
  model: z.string().min(1).optional(),
  baseUrl: BaseUrl.optional(),
  /** Functions of this agent at once; default: as its `agent.ts` declares. */
  concurrency: Concurrency.optional(),
  /** What it waits with costs by the megabyte; more memory is more CPU. */
  memoryMb: z.int().min(128).max(10_240).optional(),
});
export type AgentSettings = z.infer<typeof AgentSettings>;

/** What CloudWatch Logs keeps: other numbers of days are refused by it. */
const LOG_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653];

/**
 * Everything a deployment may choose, as CDK context: in `cdk.json`, or `-c name=value` on the command
 * line, where what is no text is written as JSON. Every setting has a default that works.
 */
const Settings = z.strictObject({
  /** A folder of agents in the place of `functions/agents`, relative to the repository. */
  agentsDir: z.string().min(1).optional(),
  provider: Provider.optional(),
  model: z.string().min(1).optional(),
  baseUrl: BaseUrl.optional(),
  /** Per agent, over what is set for all. */
  agents: z.record(AgentName, AgentSettings).default({}),
  /** Functions of each agent at once; default: as its `agent.ts` declares. */
  concurrency: Concurrency.optional(),
  /** What an execution gets that asks for nothing, in the words of the API. */
  limits: RequestedLimits.prefault({}),
  /** What each provider account may have per minute, by account name; default: no limit of ours. */
  providerLimits: ProviderLimits.default({}),
  /** How long an execution's records and blobs stay after its deadline. */
  retentionDays: z.int().min(1).max(365).default(30),
  logDays: z
    .int()
    .refine((days) => LOG_DAYS.includes(days), `expected one of ${LOG_DAYS.join(", ")}`)
    .default(30),
  auth: z.enum(["api-key", "iam"]).default("api-key"),
  /** Of the API, all callers together. */
  requestsPerSecond: z.int().min(1).max(10_000).default(50),
  requestsBurst: z.int().min(1).max(5_000).default(100),
  /** Of the API key. */
  requestsPerDay: z.int().min(1).max(1_000_000_000).default(100_000),
  /** An SNS topic that alarms are sent to. */
  alarmTopic: Arn.optional(),
  /** Who else may send to the queues, as a redrive does: ARNs, `*` allowed. */
  operators: z.array(Arn).max(10).default([]),
  /** Runs the sandbox in a network that leads nowhere: a VPC without gateways and endpoints. */
  sandboxVpc: z.boolean().default(false),
  /** Keeps table, blobs and logs when the stack is destroyed. */
  retain: z.boolean().default(false),
  /** For LocalStack and MiniStack. */
  local: z.boolean().default(false),
  /** Says on every answer that the scripted model server made it. */
  scripted: z.boolean().default(false),
});
export type Settings = z.infer<typeof Settings>;

/** What is wrong with a setting, in one line that begins with its name. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/** Names of CDK's own context hold one of these. */
const FOREIGN = /[@:/-]/;

/** Reads the settings out of an app's context; throws SettingsError. */
export const readSettings = (context: Readonly<Record<string, unknown>>): Settings => {
  const own = Object.entries(context).filter(([name]) => !FOREIGN.test(name));
  const parsed = Settings.safeParse(
    Object.fromEntries(own.map(([name, value]) => [name, fromText(name, value)])),
  );
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === "unrecognized_keys" && issue.path.length === 0) {
    throw new SettingsError(
      `${issue.keys[0]}: there is no such setting; there are ${Object.keys(Settings.shape).join(", ")}`,
    );
  }
  throw new SettingsError(`${issue?.path.join(".")}: ${issue?.message}`);
};

/** The command line has only text: what is meant as a number, a list or an object is JSON. */
const fromText = (name: string, value: unknown): unknown => {
  if (typeof value !== "string" || TEXTS.has(name)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
};

const TEXTS = new Set(["agentsDir", "provider", "model", "baseUrl", "auth", "alarmTopic"]);
