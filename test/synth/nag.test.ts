import { Validations } from "aws-cdk-lib";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { AwsSolutionsChecks, type NagPack, ServerlessChecks } from "cdk-nag";
import type { IConstruct } from "constructs";
import { expect, test } from "vitest";
import { createStack } from "./synthesised.ts";

const findings = (pack: NagPack, scope: IConstruct): string[] =>
  pack
    .validateScope(scope)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
    );

const both = (scope: IConstruct): string[] => [
  ...findings(new AwsSolutionsChecks(), scope),
  ...findings(new ServerlessChecks(), scope),
];

test.each([
  ["as it is", {}],
  ["with signed requests", { auth: "iam" }],
  ["with a network for the sandbox", { sandboxVpc: true }],
  ["with agents on Bedrock", { provider: "bedrock" }],
])(
  "the stack %s has no finding of AwsSolutions or Serverless that is not answered in place",
  async (_, settings) => {
    expect(both(await createStack(settings))).toEqual([]);
  },
);

test("a finding that nobody answers is reported", async () => {
  const stack = await createStack();
  new Bucket(stack, "Careless");
  expect(both(stack)).toContain("AwsSolutions-S1 at Bulkhead/Careless/Resource");
});

test("every answer is needed: without it there is a finding, and each gives its reason", async () => {
  const stack = await createStack();
  const key = Validations.ACKNOWLEDGED_RULES_METADATA_KEY;
  const answers = stack.node.findAll().flatMap((construct) =>
    construct.node.metadata
      .filter(({ type }) => type === key)
      .flatMap(({ data }) =>
        Object.entries(data as Record<string, string>).map(([id, reason]) => ({
          at: construct.node.path,
          rule: id.replace(/^annotation::/i, ""),
          reason,
        })),
      ),
  );
  expect(answers.length).toBeGreaterThan(10);
  for (const { reason } of answers) expect(reason.length).toBeGreaterThan(20);
  const deaf = <P extends NagPack>(pack: P): P => Object.assign(pack, { isAcknowledged: () => false });
  const open = [
    ...findings(deaf(new AwsSolutionsChecks()), stack),
    ...findings(deaf(new ServerlessChecks()), stack),
  ];
  const needless = answers.filter(
    ({ at, rule }) => !open.some((finding) => finding.startsWith(`${rule} at ${at}`)),
  );
  expect(needless).toEqual([]);
});
