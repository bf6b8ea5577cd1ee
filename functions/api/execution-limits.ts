import type { AgentManifest } from "../shared/contracts/agent-manifest.ts";
import type { RequestedLimits } from "../shared/contracts/api.ts";
import type { AgentName } from "../shared/contracts/ids.ts";
import { DEFAULT_EXECUTION_LIMITS, type ExecutionLimits } from "../shared/contracts/limits.ts";
import type { ApiPorts } from "../shared/ports/api-ports.ts";
import { defined } from "./defined.ts";
import { ApiProblem } from "./problems.ts";

/**
 * What the caller asked for over the defaults. A dollar budget is only given when every agent that
 * the execution can reach has a known price: the default one is dropped otherwise (tokens and calls
 * still bound the run), an explicit one is refused with `PRICE_UNKNOWN`.
 */
export const resolveLimits = (
  requested: RequestedLimits,
  entry: AgentName,
  { agents, agentModels, limits = {} }: Pick<ApiPorts, "agents" | "agentModels" | "limits">,
): ExecutionLimits => {
  const { usd, ...others } = requested;
  const unpriced = reachableFrom(entry, agents).filter((name) => agentModels[name]?.priced !== true);
  if (usd !== undefined && unpriced.length > 0) throw priceUnknown(unpriced, agentModels);
  return {
    ...DEFAULT_EXECUTION_LIMITS,
    ...defined(limits),
    ...defined(others),
    ...(usd === undefined ? {} : { microUsd: toMicroUsd(usd) }),
    ...(unpriced.length === 0 ? {} : { microUsd: null }),
  };
};

/** The entry agent and everybody that a chain of handoffs may lead to. */
const reachableFrom = (entry: AgentName, agents: AgentManifest): AgentName[] => {
  const reached = new Set([entry]);
  // A set's iteration includes what is added meanwhile.
  for (const name of reached) {
    for (const next of agents.find((agent) => agent.name === name)?.handoffs ?? []) reached.add(next);
  }
  return [...reached];
};

const toMicroUsd = (usd: number): number => {
  const microUsd = Math.round(usd * 1e6);
  if (microUsd >= 1) return microUsd;
  throw new ApiProblem("INVALID_BUDGET", `limits.usd must be at least 0.000001; got ${usd}`, {
    path: "limits.usd",
  });
};

const priceUnknown = (unpriced: readonly AgentName[], models: ApiPorts["agentModels"]): ApiProblem => {
  const named = unpriced
    .slice(0, 10)
    .map((name) => `${name} (${models[name]?.model.slice(0, 60) ?? "no model"})`);
  return new ApiProblem(
    "PRICE_UNKNOWN",
    `limits.usd cannot be kept: no price is known for ${named.join(", ")}; leave it out and bound the run by limits.tokens and limits.calls`,
    { path: "limits.usd", agents: unpriced },
  );
};
