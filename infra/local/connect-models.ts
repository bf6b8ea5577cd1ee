import type { AgentManifest } from "../../functions/shared/contracts/agent-manifest.ts";
import { HostError } from "./host-error.ts";
import type { HostOptions } from "./host-options.ts";
import type { ModelServer } from "./model-server/server.ts";
import {
  type Environment,
  type ProviderSettings,
  readProviderLimits,
  resolveProviders,
  scriptedProviders,
} from "./provider-settings.ts";

export interface ModelConnections {
  readonly providers: Readonly<Record<string, ProviderSettings>>;
  readonly isScripted: boolean;
  /** Started here, and for the caller to stop. */
  readonly server: ModelServer | undefined;
}

/** Real providers when the user's environment asks for them, scripted answers otherwise. Rejects with HostError. */
export const connectModels = async (
  { env = {}, modelServer = "auto" }: Pick<HostOptions, "env" | "modelServer">,
  agents: AgentManifest,
): Promise<ModelConnections> => {
  if (typeof modelServer === "string" && modelServer !== "auto") {
    const scripted = withLimits(env, scriptedProviders(modelServer, agents));
    return { providers: scripted, isScripted: true, server: undefined };
  }
  const providers = resolveProviders(env, agents);
  if (providers !== undefined) {
    return { providers: withLimits(env, providers), isScripted: false, server: undefined };
  }
  if (modelServer === false) throw new HostError("there is no key for any agent: set ANTHROPIC_API_KEY");
  const { createModelServer } = await import("./model-server/server.ts");
  const server = await createModelServer();
  return { providers: withLimits(env, scriptedProviders(server.url, agents)), isScripted: true, server };
};

/** Each agent is told what its own account may have, and nothing of the others. */
const withLimits = (
  env: Environment,
  providers: Readonly<Record<string, ProviderSettings>>,
): Readonly<Record<string, ProviderSettings>> => {
  const accounts = Object.values(providers).map(({ account }) => account);
  const limits = readProviderLimits(env, accounts);
  return Object.fromEntries(
    Object.entries(providers).map(([agent, settings]) => [
      agent,
      { ...settings, accountLimits: limits[settings.account] ?? {} },
    ]),
  );
};
