import { App, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { AttributeType, Table } from "aws-cdk-lib/aws-dynamodb";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { expect, test } from "vitest";
import { AWS_TIMES } from "../../functions/shared/contracts/protocol-times.ts";
import { createEventsQueue } from "../../infra/aws/constructs/coordinator.ts";
import { IsolatedAgent } from "../../infra/aws/constructs/isolated-agent.ts";
import { bundles, flags, resourcesOf } from "./synthesised.ts";

test("an agent stands in somebody else's stack by itself", async () => {
  const { functions } = await bundles();
  const stack = new Stack(new App({ context: flags, analyticsReporting: false }), "Theirs");
  const agent = new IsolatedAgent(stack, "Critic", {
    name: "critic",
    folder: functions.find(({ name }) => name === "critic")?.folder ?? "",
    model: { provider: "anthropic", account: "anthropic", accountLimits: {}, model: "claude-x" },
    secretName: "theirs/critic",
    table: new Table(stack, "Table", { partitionKey: { name: "pk", type: AttributeType.STRING } }),
    bucket: new Bucket(stack, "Bucket"),
    events: createEventsQueue(stack),
    concurrency: 2,
    times: AWS_TIMES,
    defaults: { logDays: RetentionDays.ONE_WEEK, removalPolicy: RemovalPolicy.DESTROY },
  });
  expect(agent.lambda.functionArn).toBeTruthy();
  const template = Template.fromStack(stack);
  const counts = [
    "Lambda::Function",
    "SQS::Queue",
    "IAM::Role",
    "SecretsManager::Secret",
    "CloudWatch::Alarm",
  ].map((type) => resourcesOf(template, `AWS::${type}`).filter(([id]) => id.startsWith("Critic")).length);
  expect(counts).toEqual([1, 2, 1, 1, 3]);
});
