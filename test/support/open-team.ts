import { rmSync } from "node:fs";
import type { HostOptions } from "../../infra/local/host-options.ts";
import type { LedgerEntry } from "../../infra/local/model-server/ledger.ts";
import { isDeployed, openHost, openTarget } from "./open-target.ts";
import type { Target } from "./target.ts";
import { hostEnvironment, layTeam, STANDARD_TEAM, startTeamServers, TEAM } from "./team.ts";

/** Where the provider of the deployed team is; absent where only the standard team is deployed. */
const deployedModels = process.env["BULKHEAD_TEAM_MODELS"];

/** False on a deployment that is not a test's own: whoever it belongs to has not deployed this team. */
export const hasTeam = !isDeployed || deployedModels !== undefined;

/** Everybody who works where `openTarget` leads, by name. */
export const deployedTeam = (): string[] =>
  [...STANDARD_TEAM, ...(deployedModels === undefined ? [] : TEAM)].toSorted();

export interface OpenTeam {
  readonly target: Target;
  /** The provider's record of a script's calls since the team was opened, in order of arrival. */
  ledger(script: string): Promise<LedgerEntry[]>;
  /** What functions have logged; nothing of a deployment's. */
  readonly lines: readonly string[];
  close(): Promise<void>;
}

/**
 * These agents of test/team and of the standard team: as deployed, where they are, or else on an embedded
 * host with nobody but them.
 */
export const openTeam = async (
  agents: readonly string[],
  options: Pick<HostOptions, "minify"> = {},
): Promise<OpenTeam> => {
  const openedAt = Date.now();
  const ledgerAt = (url: string) => async (script: string) =>
    ((await (await fetch(`${url}/_ledger`)).json()) as LedgerEntry[]).filter(
      (entry) => entry.script === script && entry.at >= openedAt,
    );
  if (deployedModels !== undefined) {
    return { ...(await openTarget()), ledger: ledgerAt(deployedModels), lines: [] };
  }

  const servers = await startTeamServers();
  const agentsDir = layTeam(agents, servers.mcp.url);
  const lines: string[] = [];
  const { target, host } = await openHost({
    ...options,
    agentsDir,
    env: hostEnvironment(agents, servers.models.url),
    log: (_, line) => void lines.push(line),
  });
  return {
    target,
    ledger: ledgerAt(servers.models.url),
    lines,
    close: async () => {
      await host.stop();
      await servers.stop();
      rmSync(agentsDir, { recursive: true, force: true });
    },
  };
};
