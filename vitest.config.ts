import { defineConfig } from "vitest/config";

/** See test/support/open-target.ts. */
const isDeployed = process.env["BULKHEAD_API"] !== undefined;

const project = (name: string, options: Record<string, unknown> = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    // End-to-end tests wait more than they work, for leases to run out and models to answer: three files at
    // once keep two cores busy. An emulator has enough to do with two.
    maxWorkers: isDeployed ? 2 : 3,
    ...options,
  },
});

export default defineConfig({
  test: {
    passWithNoTests: true,
    projects: [
      // Modules are loaded once for all files of a worker: the files leave nothing behind, whatever their order.
      project("unit", { isolate: false }),
      project("simulation", { testTimeout: 120_000 }),
      // Every order of every step, in small; `npm run exhaustive` searches the larger scenarios too.
      project("exhaustive", { testTimeout: 120_000 }),
      project("conformance", { testTimeout: 60_000, hookTimeout: 60_000 }),
      // The stack and the bundles that it deploys; a worker's first synthesis loads 160 MB of CDK.
      project("synth", { isolate: false, testTimeout: 240_000, hookTimeout: 240_000 }),
      // Each file runs a host of its own with a process per agent.
      project("e2e", { testTimeout: isDeployed ? 300_000 : 120_000, hookTimeout: 120_000 }),
    ],
  },
});
