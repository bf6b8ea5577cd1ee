import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { BundleError, bundle } from "../bundle.ts";
import { readSettings, SettingsError } from "./settings.ts";
import { BulkheadStack } from "./stack.ts";

// What `cdk` runs: bundles the functions, and makes the stack that the settings ask for.

const root = join(import.meta.dirname, "..", "..");

try {
  const app = new App();
  const settings = readSettings(app.node.getAllContext());
  const outDir = join(root, ".bulkhead", "aws");
  // What is left of an earlier build would be deployed as well.
  rmSync(outDir, { recursive: true, force: true });
  const agentsDir = settings.agentsDir && resolve(root, settings.agentsDir);
  const bundles = await bundle({ root, outDir, agentsDir, minify: true });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  new BulkheadStack(app, "Bulkhead", { settings, bundles });
  app.synth();
} catch (error) {
  if (!(error instanceof SettingsError || error instanceof BundleError)) throw error;
  console.error(`bulkhead: ${error.message}`);
  process.exitCode = 1;
}
