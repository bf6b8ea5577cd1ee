import { spawn } from "node:child_process";
import { globSync, readFileSync, rmSync } from "node:fs";
import { deployTo, destroyOn, environmentOf } from "../../infra/aws/emulator.ts";
import {
  layTeam,
  SIGNER,
  STANDARD_TEAM,
  secretOf,
  stackSettings,
  startTeamServers,
  TEAM,
} from "../support/team.ts";
import { giveIdentity } from "./give-identity.ts";

/** The end-to-end tests that need nothing but an API: they open a target or a team, not only a host. */
const apiTests = (): string[] =>
  globSync("test/e2e/*.test.ts").filter((file) => /\bopen(Target|Team)\(/.test(readFileSync(file, "utf8")));

/**
 * Deploys the stack onto the emulator at `endpoint`, with the agents of test/team beside the standard ones
 * and the scripted model server for a provider, runs the end-to-end tests against its API and takes it down
 * again. Gives the suite's exit code; rejects when the stack cannot be deployed or destroyed.
 */
export const runSuite = async (endpoint: string, vitestArgs: readonly string[]): Promise<number> => {
  const { models, mcp, stop } = await startTeamServers();
  const agentsDir = layTeam([...STANDARD_TEAM, ...TEAM], mcp.url);
  try {
    const settings = stackSettings(agentsDir, models.url);
    const { apiUrl, apiKey } = await deployTo({ endpoint, settings, keyOf: secretOf });
    await giveIdentity(endpoint, "signer", SIGNER);
    const code = await vitest(["--project", "e2e", ...apiTests(), ...vitestArgs], {
      ...environmentOf(endpoint),
      BULKHEAD_API: apiUrl,
      BULKHEAD_KEY: apiKey,
      BULKHEAD_TEAM_MODELS: models.url,
      // For the test that deploys anew in the middle of a run.
      BULKHEAD_SETTINGS: JSON.stringify(settings),
    });
    await destroyOn(endpoint);
    return code;
  } finally {
    await stop();
    rmSync(agentsDir, { recursive: true, force: true });
  }
};

const vitest = (args: readonly string[], env: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn("vitest", ["run", ...args], { stdio: "inherit", env: { ...process.env, ...env } });
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
