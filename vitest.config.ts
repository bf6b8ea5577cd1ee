import { defineConfig } from "vitest/config";

const project = (name: string, options: Record<string, unknown> = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], ...options },
});

/** See test/support/open-target.ts. */
const isDeployed = process.env["BULKHEAD_API"] !== undefined;

export default defineConfig({
  test: {
    passWithNoTests: true,
    projects: [
      project("unit"),
      project("simulation", { testTimeout: 60_000 }),
      // Every order of every step, in small; `npm run exhaustive` searches the larger scenarios too.
      project("exhaustive", { testTimeout: 60_000 }),
      project("conformance", { testTimeout: 20_000, hookTimeout: 30_000 }),
      // The stack and the bundles that it deploys; the first synthesis loads 160 MB of CDK.
      project("synth", { testTimeout: 60_000, hookTimeout: 60_000 }),
      // Each file runs a host of its own with a process per agent. They wait more than they work, for leases to
      // run out and models to answer, so that three at once keep two cores busy.
      project("e2e", {
        testTimeout: isDeployed ? 300_000 : 60_000,
        hookTimeout: 60_000,
        maxWorkers: isDeployed ? 2 : 3,
      }),
    ],
  },
});
