import { App } from "aws-cdk-lib";
import { expect, test } from "vitest";
import { readSettings } from "../../infra/aws/settings.ts";
import { BulkheadStack } from "../../infra/aws/stack.ts";
import type { AgentWarning } from "../../infra/bundle.ts";
import { bundles, flags } from "./synthesised.ts";

/** Where each stands, and what it says; `cdk synth` prints them, and `--strict` makes failures of them. */
const warningsOf = async (warnings: readonly AgentWarning[]): Promise<[string, unknown][]> => {
  const app = new App({ context: flags, analyticsReporting: false });
  const stack = new BulkheadStack(app, "Bulkhead", {
    settings: readSettings(app.node.getAllContext()),
    bundles: { ...(await bundles()), warnings },
  });
  return stack.node
    .findAll()
    .flatMap(({ node }) =>
      node.metadata
        .filter(({ type }) => type === "aws:cdk:warning")
        .map(({ data }): [string, unknown] => [node.path, data]),
    );
};

test("what the bundler warns of an agent stands at that agent", async () => {
  expect(await warningsOf([{ agent: "coder", text: "rule of two: it reads" }])).toEqual([
    ["Bulkhead/Agent-coder", expect.stringContaining("rule of two: it reads")],
  ]);
});

test("the standard team is deployed without a warning", async () => {
  expect(await warningsOf((await bundles()).warnings)).toEqual([]);
});
