import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { readSettings } from "../../infra/aws/settings.ts";
import { BulkheadStack } from "../../infra/aws/stack.ts";
import { type BundleResult, bundle } from "../../infra/bundle.ts";

export const root: string = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** What the flags of `cdk.json` make of the app; a test without them would test another stack. */
export const { context: flags } = JSON.parse(readFileSync(join(root, "cdk.json"), "utf8")) as {
  context: Record<string, unknown>;
};

let bundled: Promise<BundleResult> | undefined;

/** The repository's own functions, bundled once per worker. */
export const bundles = (): Promise<BundleResult> => {
  bundled ??= bundle({ root, outDir: mkdtempSync(join(tmpdir(), "bulkhead-synth-")), minify: true });
  return bundled;
};

/** The stack as `cdk synth` makes it with these settings. */
export const createStack = async (settings: Record<string, unknown> = {}): Promise<BulkheadStack> => {
  const app = new App({ context: { ...flags, ...settings }, analyticsReporting: false });
  return new BulkheadStack(app, "Bulkhead", {
    settings: readSettings(app.node.getAllContext()),
    bundles: await bundles(),
  });
};

export const synthesise = async (settings?: Record<string, unknown>): Promise<Template> =>
  Template.fromStack(await createStack(settings));

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DependsOn?: string[];
}

/** The resources of a type, by logical id. */
export const resourcesOf = (template: Template, type: string): [string, Resource["Properties"]][] =>
  Object.entries(template.findResources(type)).map(([id, { Properties }]) => [id, Properties ?? {}]);

/** The one resource of a type whose logical id begins so; throws when there is none or there are more. */
export const resource = (template: Template, type: string, prefix: string): Resource["Properties"] => {
  const found = resourcesOf(template, type).filter(([id]) => id.startsWith(prefix));
  const [first] = found;
  if (first === undefined || found.length > 1) {
    throw new Error(`${found.length} resources of type ${type} begin with ${prefix}`);
  }
  return first[1];
};
