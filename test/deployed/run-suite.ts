import { spawn } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { deployTo, destroyOn, environmentOf } from "../../infra/aws/emulator.ts";
import { createModelServer } from "../../infra/local/model-server/server.ts";

/** The end-to-end tests that need nothing but an API: they open a target and never a host. */
const apiTests = (): string[] =>
  globSync("test/e2e/*.test.ts").filter((file) => readFileSync(file, "utf8").includes("openTarget("));

/**
 * Deploys the stack onto the emulator at `endpoint`, with the scripted model server for a provider, runs
 * the end-to-end tests against its API and takes it down again. Gives the suite's exit code; rejects when
 * the stack cannot be deployed or destroyed.
 */
export const runSuite = async (endpoint: string, vitestArgs: readonly string[]): Promise<number> => {
  const models = await createModelServer();
  try {
    const settings = { scripted: "true", baseUrl: models.url };
    const { apiUrl, apiKey } = await deployTo({ endpoint, settings, keyOf: (agent) => `scripted-${agent}` });
    const code = await vitest(["--project", "e2e", ...apiTests(), ...vitestArgs], {
      ...environmentOf(endpoint),
      BULKHEAD_API: apiUrl,
      BULKHEAD_KEY: apiKey,
      // For the test that deploys anew in the middle of a run.
      BULKHEAD_SETTINGS: JSON.stringify(settings),
    });
    await destroyOn(endpoint);
    return code;
  } finally {
    await models.stop();
  }
};

const vitest = (args: readonly string[], env: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn("vitest", ["run", ...args], { stdio: "inherit", env: { ...process.env, ...env } });
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
