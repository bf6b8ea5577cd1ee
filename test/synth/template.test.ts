import type { Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, test } from "vitest";
import { TABLE } from "../../functions/shared/contracts/resources.ts";
import { expectGolden } from "../support/golden.ts";
import { normalised } from "./normalised.ts";
import { bundles, resource, resourcesOf, synthesise } from "./synthesised.ts";

/** What no emulator shows and AWS does: each a trap. */

let template: Template;
beforeAll(async () => {
  template = await synthesise();
});

const FUNCTION = "AWS::Lambda::Function";
const QUEUE = "AWS::SQS::Queue";
const AGENTS = ["coder", "critic", "planner"];

/** Ours; CDK's own function that empties buckets has no handler of ours. */
const functions = () =>
  resourcesOf(template, FUNCTION)
    .filter(([, { Handler }]) => Handler === "index.handler")
    .filter(([id]) => !id.startsWith("Custom"));

test("there is a function for each folder that has a handler, and a queue for each agent", async () => {
  const { functions: bundled, manifest } = await bundles();
  expect(functions()).toHaveLength(bundled.length);
  expect(resourcesOf(template, QUEUE)).toHaveLength(2 * (manifest.length + 1));
});

test("functions are Node 24 on arm64, traced but for the sandbox, with a log that ends", () => {
  for (const [id, properties] of functions()) {
    expect(properties).toMatchObject({ Runtime: "nodejs24.x", Architectures: ["arm64"] });
    const tracing = id.startsWith("Sandbox") ? undefined : { Mode: "Active" };
    expect(properties["TracingConfig"], id).toEqual(tracing);
  }
  for (const [, { RetentionInDays }] of resourcesOf(template, "AWS::Logs::LogGroup")) {
    expect(RetentionInDays).toBe(30);
  }
});

test("AWS lets the coordinator and the agents go round, and nobody else", () => {
  const loops = functions().filter(([, { RecursiveLoop }]) => RecursiveLoop === "Allow");
  expect(loops.map(([id]) => id.replace(/Function.*/, ""))).toEqual([
    ...AGENTS.map((agent) => `Agent${agent}`),
    "Coordinator",
  ]);
});

describe.each(AGENTS)("agent %s", (agent) => {
  test("has a quarter of an hour, 256 MB, and messages that stay hidden a minute longer", () => {
    expect(resource(template, FUNCTION, `Agent${agent}`)).toMatchObject({ Timeout: 900, MemorySize: 256 });
    expect(resource(template, QUEUE, `Agent${agent}WorkQueue`)).toMatchObject({ VisibilityTimeout: 960 });
  });

  test("is given one message at a time, by a mapping with a maximum of functions", () => {
    expect(resource(template, "AWS::Lambda::EventSourceMapping", `Agent${agent}`)).toMatchObject({
      BatchSize: 1,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: { MaximumConcurrency: 10 },
    });
  });

  test("has a secret that is created empty", () => {
    const secret = resource(template, "AWS::SecretsManager::Secret", `Agent${agent}`);
    expect(secret).toMatchObject({ Name: `Bulkhead/${agent}` });
    expect(Object.keys(secret)).not.toContain("GenerateSecretString");
    expect(Object.keys(secret)).not.toContain("SecretString");
  });
});

test("the coordinator is done in 30 s, six of which its messages stay hidden, and takes ten at a time", () => {
  expect(resource(template, FUNCTION, "Coordinator")).toMatchObject({ Timeout: 30 });
  expect(resource(template, QUEUE, "EventsQueue")).toMatchObject({
    VisibilityTimeout: 180,
    RedrivePolicy: { maxReceiveCount: 20 },
  });
  expect(resource(template, "AWS::Lambda::EventSourceMapping", "Coordinator")).toMatchObject({
    BatchSize: 10,
    FunctionResponseTypes: ["ReportBatchItemFailures"],
    ScalingConfig: { MaximumConcurrency: 10 },
  });
});

test("every queue has a dead-letter queue that keeps two weeks, and none gives up before the fifth delivery", () => {
  const queues = resourcesOf(template, QUEUE);
  const dead = queues.filter(([id]) => id.includes("DeadLetters"));
  const live = queues.filter(([id]) => !id.includes("DeadLetters"));
  expect(dead).toHaveLength(live.length);
  for (const [, { MessageRetentionPeriod }] of dead) expect(MessageRetentionPeriod).toBe(14 * 86_400);
  for (const [id, { RedrivePolicy, MessageRetentionPeriod }] of live) {
    const { deadLetterTargetArn, maxReceiveCount } = RedrivePolicy as {
      deadLetterTargetArn: { "Fn::GetAtt": [string, string] };
      maxReceiveCount: number;
    };
    expect(deadLetterTargetArn["Fn::GetAtt"][0]).toContain(id.replace(/Queue[0-9A-F]{8}$/, "DeadLetters"));
    expect(maxReceiveCount).toBeGreaterThanOrEqual(5);
    expect(Number(MessageRetentionPeriod)).toBeLessThan(14 * 86_400);
  }
});

test("nothing polls a dead-letter queue, and all have an alarm", () => {
  const polled = resourcesOf(template, "AWS::Lambda::EventSourceMapping");
  expect(JSON.stringify(polled)).not.toContain("DeadLetters");
  const alarms = JSON.stringify(resourcesOf(template, "AWS::CloudWatch::Alarm"));
  for (const [id] of resourcesOf(template, QUEUE).filter(([one]) => one.includes("DeadLetters"))) {
    expect(alarms).toContain(id);
  }
});

test("no queue is FIFO: it would swallow what is sent again on purpose", () => {
  for (const [, { FifoQueue }] of resourcesOf(template, QUEUE)) expect(FifoQueue).toBeUndefined();
});

test("the table is the one of the contracts, restorable to any second, and forgets what has expired", () => {
  const table = resource(template, "AWS::DynamoDB::Table", "StoreTable");
  expect(table).toMatchObject({
    BillingMode: TABLE.BillingMode,
    KeySchema: TABLE.KeySchema,
    GlobalSecondaryIndexes: TABLE.GlobalSecondaryIndexes,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
  });
  expect(sorted(table["AttributeDefinitions"])).toEqual(sorted(TABLE.AttributeDefinitions));
});

const sorted = (value: unknown): string[] => (value as unknown[]).map((one) => JSON.stringify(one)).sort();

test("blobs outlive the records that name them, and nobody reads them from outside", () => {
  const bucket = resource(template, "AWS::S3::Bucket", "StoreBlobs");
  expect(bucket).toMatchObject({
    PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
    VersioningConfiguration: { Status: "Enabled" },
  });
  const { Rules } = bucket["LifecycleConfiguration"] as { Rules: { ExpirationInDays: number }[] };
  expect(Rules[0]?.ExpirationInDays).toBeGreaterThan(30 + 7);
});

test("the sweeper runs once a minute", () => {
  expect(resource(template, "AWS::Events::Rule", "Sweeper")).toMatchObject({
    ScheduleExpression: "rate(1 minute)",
    State: "ENABLED",
  });
});

test("no environment variable holds what looks like a secret", () => {
  for (const [, { Environment }] of functions()) {
    const { Variables } = (Environment ?? { Variables: {} }) as { Variables: Record<string, unknown> };
    for (const name of Object.keys(Variables)) expect(name).not.toMatch(/_API_KEY$|_TOKEN_SECRET$|PASSWORD/);
  }
});

describe("the sandbox", () => {
  const role = () => resourcesOf(template, "AWS::IAM::Role").find(([id]) => id.startsWith("SandboxRole"));

  test("is given half a minute, 512 MB, and nothing in its environment", () => {
    const sandbox = resource(template, FUNCTION, "Sandbox");
    expect(sandbox).toMatchObject({ Timeout: 30, MemorySize: 512, RecursiveLoop: "Terminate" });
    expect(sandbox["Environment"]).toBeUndefined();
    expect(sandbox["VpcConfig"]).toBeUndefined();
  });

  test("has a role that no policy belongs to, not even for its log", () => {
    const [id, properties] = role() ?? [];
    expect(properties?.["ManagedPolicyArns"]).toBeUndefined();
    expect(properties?.["Policies"]).toBeUndefined();
    const policies = resourcesOf(template, "AWS::IAM::Policy");
    expect(policies.filter(([, { Roles }]) => JSON.stringify(Roles).includes(`"${id}"`))).toEqual([]);
  });

  test("is known by name to the agent that runs code, and to no other function", () => {
    const knowing = functions().filter(([, properties]) =>
      JSON.stringify(properties["Environment"] ?? {}).includes("SandboxFunction"),
    );
    expect(knowing.map(([id]) => id.replace(/Function.*/, ""))).toEqual(["Agentcoder"]);
  });
});

describe("the sandbox in a network of its own", () => {
  let isolated: Template;
  beforeAll(async () => {
    isolated = await synthesise({ sandboxVpc: true });
  });

  test("is the only function in it", () => {
    const placed = resourcesOf(isolated, FUNCTION).filter(([, { VpcConfig }]) => VpcConfig !== undefined);
    expect(placed.map(([id]) => id.replace(/Function.*/, ""))).toEqual(["Sandbox"]);
  });

  test("finds no way out: no gateway, no endpoint, no route, and a group that refuses everything", () => {
    for (const type of [
      "InternetGateway",
      "NatGateway",
      "VPCEndpoint",
      "Route",
      "EgressOnlyInternetGateway",
    ]) {
      expect(resourcesOf(isolated, `AWS::EC2::${type}`), type).toEqual([]);
    }
    const { SecurityGroupEgress, SecurityGroupIngress } = resource(
      isolated,
      "AWS::EC2::SecurityGroup",
      "SandboxNetwork",
    );
    expect(SecurityGroupEgress).toEqual([
      expect.objectContaining({ CidrIp: "255.255.255.255/32", IpProtocol: "icmp" }),
    ]);
    expect(SecurityGroupIngress).toBeUndefined();
  });

  test("lets Lambda make its interfaces, and denies its own code the same", () => {
    const statements = resourcesOf(isolated, "AWS::IAM::Policy")
      .filter(([id]) => id.startsWith("SandboxNetwork"))
      .flatMap(([, { PolicyDocument }]) => (PolicyDocument as { Statement: Statement[] }).Statement);
    const [allow, deny] = ["Allow", "Deny"].map((effect) =>
      statements.find(({ Effect }) => Effect === effect),
    );
    expect(statements).toHaveLength(2);
    expect(deny?.Action).toEqual(allow?.Action);
    expect(Object.keys(deny?.Condition?.["ArnEquals"] ?? {})).toEqual(["lambda:SourceFunctionArn"]);
  });
});

interface Statement {
  readonly Effect: string;
  readonly Action: string[];
  readonly Condition?: Readonly<Record<string, object>>;
}

test("the template is the golden one", () => {
  expectGolden("template.json", normalised(template.toJSON()));
});
