import type { AgentManifest, ProviderName } from "../../functions/shared/contracts/agent-manifest.ts";
import { defaultModelOf } from "../../functions/shared/contracts/default-model.ts";
import { type AccountLimits, accountNameOf } from "../../functions/shared/contracts/provider-account.ts";
import { type Settings, SettingsError } from "./settings.ts";

/** Which model answers for an agent, and where. Its key is in the agent's secret. */
export interface ModelSettings {
  readonly provider: ProviderName;
  readonly model: string;
  /** Absent: the provider's own address. */
  readonly baseUrl?: string;
  /** Whose limits and holds it shares. */
  readonly account: string;
  readonly accountLimits: AccountLimits;
}

/**
 * Each agent's model: its own settings first, then what is set for all, then what `agent.ts` declares,
 * then the provider's default. An agent with a provider of its own takes no address or model of what is
 * set for all: they belong to another vendor. Throws SettingsError when something is missing.
 */
export const resolveModels = (
  settings: Settings,
  manifest: AgentManifest,
): Readonly<Record<string, ModelSettings>> => {
  const names = manifest.map(({ name }) => name);
  const stranger = Object.keys(settings.agents).find((name) => !names.includes(name));
  if (stranger !== undefined) {
    throw new SettingsError(`agents.${stranger}: there is no such agent; there are ${names.join(", ")}`);
  }
  const models = manifest.map((agent) => [agent.name, resolveOne(settings, agent)] as const);
  const accounts = models.map(([, { account }]) => account);
  const unused = Object.keys(settings.providerLimits).find((name) => !accounts.includes(name));
  if (unused === undefined) return Object.fromEntries(models);
  throw new SettingsError(
    `providerLimits.${unused}: no agent uses this account; there are ${[...new Set(accounts)].join(", ")}`,
  );
};

const resolveOne = (settings: Settings, agent: AgentManifest[number]): ModelSettings => {
  const own = settings.agents[agent.name] ?? {};
  const declared = agent.provider ?? "anthropic";
  const provider = own.provider ?? settings.provider ?? declared;
  const shared: Pick<Settings, "model" | "baseUrl"> =
    provider === (settings.provider ?? "anthropic") ? settings : {};
  const model =
    own.model ??
    shared.model ??
    // The model that agent.ts declares is one of the provider that it declares.
    (provider === declared ? agent.model : undefined) ??
    defaultModelOf(provider);
  const baseUrl = own.baseUrl ?? shared.baseUrl;
  if (model === undefined) {
    throw new SettingsError(`agents.${agent.name}.model: provider ${provider} has no default; set one`);
  }
  if (provider === "compatible" && baseUrl === undefined) {
    throw new SettingsError(`agents.${agent.name}.baseUrl: provider ${provider} has no default; set one`);
  }
  const account = accountNameOf(agent.account, provider, baseUrl);
  const accountLimits = settings.providerLimits[account] ?? {};
  return { provider, model, account, accountLimits, ...(baseUrl === undefined ? {} : { baseUrl }) };
};
