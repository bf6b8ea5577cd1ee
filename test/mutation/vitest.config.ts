import { defineConfig } from "vitest/config";

/** The tests that the mutants of one part must fail; run.ts says which. */
// biome-ignore lint/style/noDefaultExport: vitest wants it
export default defineConfig({
  // The code holds no state between tests, and to load it anew for each file would take most of the time.
  test: { include: (process.env["MUTATION_TESTS"] ?? "").split(","), pool: "threads", isolate: false },
});
