import type { Template } from "aws-cdk-lib/assertions";
import { expect, test } from "vitest";
import { readSettings, SettingsError } from "../../infra/aws/settings.ts";
import { createStack, resource, resourcesOf, synthesise } from "./synthesised.ts";

test.each([
  [{ providr: "glm" }, /^providr: there is no such setting; there are agentsDir, provider,/],
  [{ provider: "openai" }, /^provider: expected anthropic, glm, compatible, bedrock$/],
  [{ provider: "bedrok" }, /^provider: expected anthropic, glm, compatible, bedrock$/],
  [{ baseUrl: "example.com" }, /^baseUrl: expected an address/],
  [{ concurrency: "1" }, /^concurrency: .*>=2/],
  [{ concurrency: "many" }, /^concurrency: .*expected number/],
  [{ agents: '{"coder":{"modle":"x"}}' }, /^agents\.coder: .*"modle"/],
  [{ agents: "{not json" }, /^agents: .*expected record/],
  [{ limits: '{"usd":-1}' }, /^limits\.usd: .*>0/],
  [{ logDays: "31" }, /^logDays: expected one of 1, 3, 5/],
  [{ retentionDays: "0" }, /^retentionDays: .*>=1/],
  [{ auth: "none" }, /^auth: .*"api-key"\|"iam"/],
  [{ alarmTopic: "operators" }, /^alarmTopic: expected an ARN$/],
])("%j is one error line that begins with the setting", (context, said) => {
  const error = caught(() => readSettings(context));
  expect(error).toBeInstanceOf(SettingsError);
  expect(error?.message).toMatch(said);
  expect(error?.message).not.toContain("\n");
});

test.each([
  [
    { agents: '{"codr":{"model":"x"}}' },
    "agents.codr: there is no such agent; there are coder, critic, planner",
  ],
  [{ provider: "compatible" }, "agents.coder.model: provider compatible has no default; set one"],
  [
    { provider: "compatible", model: "x" },
    "agents.coder.baseUrl: provider compatible has no default; set one",
  ],
])("%j cannot be deployed", async (context, said) => {
  await expect(createStack(context)).rejects.toThrow(said);
});

test("a team of one's own is a folder's name, whatever it looks like", () => {
  expect(readSettings({ agentsDir: "123" }).agentsDir).toBe("123");
});

test("CDK's own context is none of ours", () => {
  expect(readSettings({ "@aws-cdk/core:x": true, "aws:cdk:enable-path-metadata": true })).toEqual(
    readSettings({}),
  );
});

const environmentOf = (template: Template, prefix: string) =>
  (
    resource(template, "AWS::Lambda::Function", prefix)["Environment"] as {
      Variables: Record<string, string>;
    }
  ).Variables;

test("settings reach the functions that they are about, and a provider's address never another provider", async () => {
  const template = await synthesise({
    provider: "glm",
    baseUrl: "https://glm.example",
    agents: '{"critic":{"provider":"anthropic","model":"claude-x","concurrency":3,"memoryMb":512}}',
    concurrency: "7",
    limits: '{"usd":2.5,"tokens":1000}',
    retentionDays: "10",
    logDays: "7",
  });
  expect(environmentOf(template, "Agentcoder")).toMatchObject({
    BULKHEAD_PROVIDER: "glm",
    BULKHEAD_MODEL: "glm-5.3",
    BULKHEAD_BASE_URL: "https://glm.example",
  });
  const critic = environmentOf(template, "Agentcritic");
  expect(critic).toMatchObject({ BULKHEAD_PROVIDER: "anthropic", BULKHEAD_MODEL: "claude-x" });
  expect(critic).not.toHaveProperty("BULKHEAD_BASE_URL");
  expect(resource(template, "AWS::Lambda::Function", "Agentcritic")).toMatchObject({ MemorySize: 512 });
  const concurrency = (agent: string) =>
    resource(template, "AWS::Lambda::EventSourceMapping", `Agent${agent}`)["ScalingConfig"];
  expect(concurrency("critic")).toEqual({ MaximumConcurrency: 3 });
  expect(concurrency("coder")).toEqual({ MaximumConcurrency: 7 });
  const api = environmentOf(template, "ApiFunction");
  expect(JSON.parse(api["BULKHEAD_LIMITS"] ?? "")).toEqual({ tokens: 1000, microUsd: 2_500_000 });
  expect(api["BULKHEAD_RETENTION_SECONDS"]).toBe("864000");
  for (const [, { RetentionInDays }] of resourcesOf(template, "AWS::Logs::LogGroup"))
    expect(RetentionInDays).toBe(7);
});

test("callers show a key, or with auth=iam they sign", async () => {
  for (const [, method] of resourcesOf(await synthesise(), "AWS::ApiGateway::Method")) {
    expect(method).toMatchObject({ ApiKeyRequired: true, AuthorizationType: "NONE" });
  }
  const signed = await synthesise({ auth: "iam" });
  for (const [, method] of resourcesOf(signed, "AWS::ApiGateway::Method")) {
    expect(method["AuthorizationType"]).toBe("AWS_IAM");
  }
  expect(resourcesOf(signed, "AWS::ApiGateway::ApiKey")).toEqual([]);
});

test("an alarm topic is told of every alarm, and operators may send", async () => {
  const topic = "arn:aws:sns:us-east-1:123456789012:alarms";
  const operator = "arn:aws:iam::123456789012:role/Admin";
  const template = await synthesise({ alarmTopic: topic, operators: JSON.stringify([operator]) });
  for (const [, { AlarmActions }] of resourcesOf(template, "AWS::CloudWatch::Alarm")) {
    expect(AlarmActions).toEqual([topic]);
  }
  const named = resourcesOf(template, "AWS::SQS::QueuePolicy").filter(([, policy]) =>
    JSON.stringify(policy).includes(operator),
  );
  expect(named).toHaveLength(4);
});

test("retain keeps table and blobs when the stack goes", async () => {
  const policies = async (settings: Record<string, unknown>) => {
    const { Resources } = (await synthesise(settings)).toJSON() as {
      Resources: Record<string, { Type: string; DeletionPolicy?: string }>;
    };
    return Object.values(Resources)
      .filter(({ Type }) => /Table$|S3::Bucket$/.test(Type))
      .map(({ DeletionPolicy }) => DeletionPolicy);
  };
  expect(await policies({})).toEqual(["Delete", "Delete", "Delete"]);
  expect(await policies({ retain: "true" })).toEqual(["Retain", "Retain", "Retain"]);
});

const caught = (act: () => unknown): Error | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    return error as Error;
  }
};
