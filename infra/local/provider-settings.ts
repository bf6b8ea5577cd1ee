import { type AgentManifest, ProviderName } from "../../functions/shared/contracts/agent-manifest.ts";
import type { AwsIdentity } from "../../functions/shared/contracts/aws-identity.ts";
import { defaultModelOf } from "../../functions/shared/contracts/default-model.ts";
import {
  type AccountLimits,
  accountNameOf,
  ProviderLimits,
} from "../../functions/shared/contracts/provider-account.ts";
import { HostError } from "./host-error.ts";

/** How one agent reaches its model; the key goes into that agent's environment and nowhere else. */
export interface ProviderSettings {
  readonly provider: ProviderName;
  readonly model: string;
  /** Absent: the provider's own address. */
  readonly baseUrl?: string;
  /** Whose limits and holds it shares. */
  readonly account: string;
  /** Absent: only the provider's own answers say. */
  readonly accountLimits?: AccountLimits;
  readonly apiKey: string;
  /** Who asks Bedrock, which takes no key. */
  readonly aws?: AwsIdentity;
}

export type Environment = Readonly<Record<string, string | undefined>>;
type Agents = readonly Pick<AgentManifest[number], "name" | "provider" | "model" | "account">[];

const OWN = /^BULKHEAD_([A-Z0-9_]+)_(API_KEY|BASE_URL|MODEL|PROVIDER)$/;
const SHARED = ["BULKHEAD_PROVIDER", "BULKHEAD_MODEL"];

/**
 * Each agent's settings from the user's environment: `BULKHEAD_<AGENT>_*` first, then what is set for
 * all (`ANTHROPIC_API_KEY`, `ANTHROPIC_BASE_URL`, `BULKHEAD_MODEL`, `BULKHEAD_PROVIDER`), then what
 * `agent.ts` declares, then the provider's default. `undefined` when nothing asks for a provider:
 * then the scripted model server answers. Throws HostError naming the variable at fault, never a value of a key.
 *
 * An agent that has a provider of its own takes nothing of what is set for all: a key must never
 * reach another vendor.
 */
export const resolveProviders = (
  env: Environment,
  agents: Agents,
): Readonly<Record<string, ProviderSettings>> | undefined => {
  const isSet = (name: string): boolean => read(env, name) !== undefined;
  const own = Object.keys(env).filter((name) => OWN.test(name) && isSet(name));
  // ANTHROPIC_BASE_URL alone may be a leftover of another tool; without any key it asks for nothing.
  if (own.length === 0 && ![...SHARED, "ANTHROPIC_API_KEY"].some(isSet)) return undefined;
  for (const name of own) checkNamesAgent(name, agents);

  const resolved = agents.map((agent) => ({ agent: agent.name, settings: resolveOne(env, agent) }));
  const keyless = resolved
    .filter(({ settings }) => settings.apiKey === "" && settings.aws === undefined)
    .map(({ agent }) => agent);
  if (keyless.length > 0) {
    const variables = keyless.map((agent) => `${prefixOf(agent)}_API_KEY`).join(", ");
    throw new HostError(
      `there is no key for ${keyless.join(", ")}: set ANTHROPIC_API_KEY for all agents, or ${variables}; without any setting the answers are scripted`,
    );
  }
  return Object.fromEntries(resolved.map(({ agent, settings }) => [agent, settings]));
};

/** What the scripted model server is reached by: a key per agent, so that isolation shows in its ledger. */
export const scriptedProviders = (baseUrl: string, agents: Agents): Record<string, ProviderSettings> =>
  Object.fromEntries(
    agents.map(({ name, model, account }) => {
      const settings: ProviderSettings = {
        provider: "anthropic",
        model: model ?? defaultModelOf("anthropic") ?? "scripted",
        baseUrl,
        account: accountNameOf(account, "anthropic", baseUrl),
        apiKey: `scripted-${name}`,
      };
      return [name, settings];
    }),
  );

const resolveOne = (env: Environment, agent: Agents[number]): ProviderSettings => {
  const prefix = prefixOf(agent.name);
  const ownProvider = providerIn(env, `${prefix}_PROVIDER`);
  const shared = providerIn(env, "BULKHEAD_PROVIDER");
  const declared = agent.provider ?? "anthropic";
  const provider = ownProvider ?? shared ?? parseProvider(declared, `agent ${agent.name}: provider`);
  const takesShared = provider === (shared ?? "anthropic");
  // Bedrock is no Anthropic of another name: key and address of the one are of no use to the other.
  const takesAnthropic = takesShared && provider !== "bedrock";
  const either = (own: string, forAll: string, isTaken = takesAnthropic): string | undefined =>
    read(env, `${prefix}_${own}`) ?? (isTaken ? read(env, forAll) : undefined);

  const baseUrl = either("BASE_URL", "ANTHROPIC_BASE_URL");
  if (baseUrl !== undefined && !/^https?:$/.test(URL.parse(baseUrl)?.protocol ?? "")) {
    throw new HostError(
      `the base URL of ${agent.name} must begin with http:// or https://; check ${prefix}_BASE_URL and ANTHROPIC_BASE_URL`,
    );
  }
  // The model that agent.ts declares is one of the provider that it declares.
  const model =
    either("MODEL", "BULKHEAD_MODEL", takesShared) ??
    (provider === declared ? agent.model : undefined) ??
    defaultModelOf(provider);
  if (model === undefined) throw missing(agent.name, provider, `${prefix}_MODEL`);
  if (provider === "compatible" && baseUrl === undefined)
    throw missing(agent.name, provider, `${prefix}_BASE_URL`);
  return {
    provider,
    model,
    account: accountNameOf(agent.account, provider, baseUrl),
    apiKey: either("API_KEY", "ANTHROPIC_API_KEY") ?? "",
    ...(provider === "bedrock" ? { aws: identityIn(env, agent.name) } : {}),
    ...(baseUrl === undefined ? {} : { baseUrl }),
  };
};

/** The user's own, as the AWS CLI's variables have them; throws HostError naming what is missing. */
const identityIn = (env: Environment, agent: string): AwsIdentity => {
  const region = read(env, "AWS_REGION") ?? read(env, "AWS_DEFAULT_REGION");
  const bearerToken = read(env, "AWS_BEARER_TOKEN_BEDROCK");
  const accessKeyId = read(env, "AWS_ACCESS_KEY_ID");
  const secretAccessKey = read(env, "AWS_SECRET_ACCESS_KEY");
  const sessionToken = read(env, "AWS_SESSION_TOKEN");
  if (region === undefined) throw new HostError(`${agent} uses the provider "bedrock": set AWS_REGION`);
  if (bearerToken !== undefined) return { region, bearerToken };
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { region, accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  }
  throw new HostError(
    `${agent} uses the provider "bedrock": set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (of a profile: eval "$(aws configure export-credentials --format env)"), or AWS_BEARER_TOKEN_BEDROCK`,
  );
};

const missing = (agent: string, provider: string, variable: string): HostError =>
  new HostError(`${agent} uses the provider "${provider}", which has no default here; set ${variable}`);

const checkNamesAgent = (variable: string, agents: Agents): void => {
  const [, named] = OWN.exec(variable) ?? [];
  if (agents.some(({ name }) => prefixOf(name) === `BULKHEAD_${named}`)) return;
  throw new HostError(`${variable} names no agent; there are ${agents.map(({ name }) => name).join(", ")}`);
};

const providerIn = (env: Environment, variable: string): ProviderName | undefined => {
  const text = read(env, variable);
  return text === undefined ? undefined : parseProvider(text, variable);
};

const parseProvider = (text: string, where: string): ProviderName => {
  const parsed = ProviderName.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new HostError(`${where} is "${text.slice(0, 80)}"; it can be ${ProviderName.options.join(", ")}`);
};

/** An empty variable is how some shells spell an absent one. */
export const read = (env: Environment, name: string): string | undefined => env[name]?.trim() || undefined;

export const prefixOf = (agent: string): string => `BULKHEAD_${agent.toUpperCase().replaceAll("-", "_")}`;

/**
 * `BULKHEAD_PROVIDER_LIMITS`: what each provider account may have per minute, as JSON by account name.
 * Throws HostError naming what is wrong with it.
 */
export const readProviderLimits = (env: Environment, accounts: readonly string[]): ProviderLimits => {
  const text = read(env, "BULKHEAD_PROVIDER_LIMITS");
  if (text === undefined) return {};
  const value = parseJson(text);
  const parsed = ProviderLimits.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const problem = value === undefined ? "no JSON" : [...(issue?.path ?? []), issue?.message].join(": ");
    throw new HostError(
      `BULKHEAD_PROVIDER_LIMITS: ${problem}; expected for example {"anthropic":{"requestsPerMinute":50,"tokensPerMinute":40000}}`,
    );
  }
  const stranger = Object.keys(parsed.data).find((name) => !accounts.includes(name));
  if (stranger === undefined) return parsed.data;
  throw new HostError(
    `BULKHEAD_PROVIDER_LIMITS: no agent uses the account "${stranger}"; there are ${[...new Set(accounts)].join(", ")}`,
  );
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
