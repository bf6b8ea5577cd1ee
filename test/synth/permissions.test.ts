import type { Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, test } from "vitest";
import { arnOf, createEvaluator, type Request } from "./evaluate-policy.ts";
import { resourcesOf, synthesise } from "./synthesised.ts";

/**
 * The table of docs/architecture.md, written out: who may do what, and nothing else. Every combination
 * of a role, an action and a resource that it does not name must be denied.
 */
const AGENTS = ["coder", "critic", "planner"] as const;
const ROLES = ["api", "coordinator", "sweeper", "sandbox", ...AGENTS] as const;
type Role = (typeof ROLES)[number];

/** Every kind of thing that a request may be about. */
const RESOURCES: Readonly<Record<string, { readonly resource: string; readonly key?: string }>> = {
  state: { resource: "table", key: "EXE#1" },
  permit: { resource: "table", key: "PERMIT#1" },
  files: { resource: "table", key: "FILES#1" },
  account: { resource: "table", key: "PROVIDER#anthropic" },
  "another account": { resource: "table", key: "PROVIDER#anthropic2" },
  ...Object.fromEntries(
    AGENTS.map((agent) => [`task of ${agent}`, { resource: "table", key: `TASK#${agent}#1.1` }]),
  ),
  "task of a person": { resource: "table", key: "TASK#human#1.1" },
  "task of coder2": { resource: "table", key: "TASK#coder2#1.1" },
  "whole table": { resource: "table" },
  "open index": { resource: "index/open" },
  "list index": { resource: "index/list" },
  blob: { resource: "blob" },
  "other object": { resource: "object" },
  bucket: { resource: "bucket" },
  "access logs": { resource: "access log" },
  "events queue": { resource: "events queue" },
  "events dead letters": { resource: "events dead letters" },
  ...Object.fromEntries(
    AGENTS.flatMap((agent) =>
      ["queue", "dead letters", "secret", "function"].map((part) => [
        `${part} of ${agent}`,
        { resource: `${part} of ${agent}` },
      ]),
    ),
  ),
  "token secret": { resource: "token secret" },
  "coordinator function": { resource: "coordinator function" },
  "sandbox function": { resource: "sandbox function" },
};

const READ = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"];
const CONSUME = [
  "sqs:ReceiveMessage",
  "sqs:DeleteMessage",
  "sqs:GetQueueAttributes",
  "sqs:ChangeMessageVisibility",
];

const ACTIONS = [
  ...READ,
  "dynamodb:PutItem",
  "dynamodb:UpdateItem",
  "dynamodb:DeleteItem",
  "dynamodb:BatchWriteItem",
  "dynamodb:Scan",
  "dynamodb:ExportTableToPointInTime",
  "dynamodb:DeleteTable",
  "s3:GetObject",
  "s3:PutObject",
  "s3:DeleteObject",
  "s3:ListBucket",
  "sqs:SendMessage",
  ...CONSUME,
  "sqs:PurgeQueue",
  "sqs:SetQueueAttributes",
  "secretsmanager:GetSecretValue",
  "secretsmanager:PutSecretValue",
  "lambda:InvokeFunction",
  "lambda:UpdateFunctionCode",
  "iam:PassRole",
  "sts:AssumeRole",
];

const blobs = { "s3:GetObject": ["blob"], "s3:PutObject": ["blob"], "s3:ListBucket": ["bucket"] };
const each = (actions: readonly string[], resources: readonly string[]): Record<string, readonly string[]> =>
  Object.fromEntries(actions.map((action) => [action, resources]));
const allTasks = [...AGENTS.map((agent) => `task of ${agent}`), "task of coder2", "task of a person"];

const agentMay = (agent: string): Record<string, readonly string[]> => ({
  ...each(READ, [`task of ${agent}`, "permit", "files", "account"]),
  "dynamodb:PutItem": [`task of ${agent}`, "files", "account"],
  "dynamodb:UpdateItem": [`task of ${agent}`, "permit", "files", "account"],
  ...blobs,
  "sqs:SendMessage": ["events queue", `queue of ${agent}`],
  ...each(CONSUME, [`queue of ${agent}`]),
  "secretsmanager:GetSecretValue": [`secret of ${agent}`],
});

const MAY: Readonly<Record<Role, Readonly<Record<string, readonly string[]>>>> = {
  api: {
    ...each(READ, ["state", "permit", "files", ...allTasks]),
    "dynamodb:Query": ["state", "permit", "files", ...allTasks, "list index"],
    "dynamodb:PutItem": ["state", "permit", "files"],
    "dynamodb:UpdateItem": ["permit", "task of a person"],
    ...blobs,
    "sqs:SendMessage": ["events queue"],
    "secretsmanager:GetSecretValue": ["token secret"],
  },
  coordinator: {
    ...each(READ, ["state", "permit", ...allTasks]),
    "dynamodb:PutItem": ["state", ...allTasks],
    "dynamodb:UpdateItem": ["state", "permit", ...allTasks],
    "sqs:SendMessage": AGENTS.map((agent) => `queue of ${agent}`),
    ...each(CONSUME, ["events queue"]),
  },
  sweeper: { "dynamodb:Query": ["open index"], "sqs:SendMessage": ["events queue"] },
  sandbox: {},
  // The only agent that lists run_code.
  coder: { ...agentMay("coder"), "lambda:InvokeFunction": ["sandbox function"] },
  critic: agentMay("critic"),
  planner: agentMay("planner"),
};

let template: Template;
let evaluate: ReturnType<typeof createEvaluator>;
/** The logical id of what begins so. */
const id = (type: string, prefix: string): string => {
  const found = resourcesOf(template, type).filter(([one]) => one.startsWith(prefix));
  expect(found, `${type} ${prefix}`).toHaveLength(1);
  return found[0]?.[0] ?? "";
};
const title = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
const constructOf = (role: Role): string =>
  (AGENTS as readonly string[]).includes(role) ? `Agent${role}` : title(role);

let roleIds: Readonly<Record<Role, string>>;
let arns: Readonly<Record<string, string>>;

beforeAll(async () => {
  template = await synthesise();
  evaluate = createEvaluator(template);
  roleIds = Object.fromEntries(
    ROLES.map((role) => [
      role,
      id("AWS::IAM::Role", role === "sandbox" ? "SandboxRole" : `${constructOf(role)}FunctionRole`),
    ]),
  ) as Record<Role, string>;
  const table = id("AWS::DynamoDB::Table", "StoreTable");
  const bucket = id("AWS::S3::Bucket", "StoreBlobs");
  arns = {
    table: arnOf(table),
    "index/open": arnOf(table, "/index/open"),
    "index/list": arnOf(table, "/index/list"),
    blob: arnOf(bucket, "/blobs/1/abc"),
    object: arnOf(bucket, "/elsewhere"),
    bucket: arnOf(bucket),
    "access log": arnOf(id("AWS::S3::Bucket", "StoreAccessLogs"), "/blobs/1"),
    "events queue": arnOf(id("AWS::SQS::Queue", "EventsQueue")),
    "events dead letters": arnOf(id("AWS::SQS::Queue", "EventsDeadLetters")),
    "token secret": arnOf(id("AWS::SecretsManager::Secret", "ApiTokenSecret")),
    "coordinator function": arnOf(id("AWS::Lambda::Function", "CoordinatorFunction")),
    "sandbox function": arnOf(id("AWS::Lambda::Function", "SandboxFunction")),
    ...Object.fromEntries(
      AGENTS.flatMap((agent) => [
        [`queue of ${agent}`, arnOf(id("AWS::SQS::Queue", `Agent${agent}WorkQueue`))],
        [`dead letters of ${agent}`, arnOf(id("AWS::SQS::Queue", `Agent${agent}WorkDeadLetters`))],
        [`secret of ${agent}`, arnOf(id("AWS::SecretsManager::Secret", `Agent${agent}Secret`))],
        [`function of ${agent}`, arnOf(id("AWS::Lambda::Function", `Agent${agent}Function`))],
      ]),
    ),
  };
});

const requestOf = (role: Role, action: string, name: string): Request => {
  const { resource, key } = RESOURCES[name] ?? { resource: "" };
  return {
    role: roleIds[role],
    action,
    resource: arns[resource] ?? "",
    ...(key === undefined ? {} : { context: { "dynamodb:LeadingKeys": [key] } }),
  };
};

describe.each(ROLES)("the role of %s", (role) => {
  test("may do what its row of the table says, and nothing else", () => {
    const wrong = ACTIONS.flatMap((action) =>
      Object.keys(RESOURCES).flatMap((name) => {
        const should = MAY[role][action]?.includes(name) === true ? "allowed" : "denied";
        const is = evaluate(requestOf(role, action, name));
        return is === should ? [] : [`${action} on ${name}: ${is}, should be ${should}`];
      }),
    );
    expect(wrong).toEqual([]);
  });
});

test("a batch that reaches for one foreign key is refused whole", () => {
  const batch = (...keys: string[]) =>
    evaluate({
      role: roleIds.coder,
      action: "dynamodb:BatchGetItem",
      resource: arns["table"] ?? "",
      context: { "dynamodb:LeadingKeys": keys },
    });
  expect(batch("TASK#coder#1.1", "FILES#1")).toBe("allowed");
  expect(batch("TASK#coder#1.1", "TASK#planner#1.2")).toBe("denied");
  expect(batch("EXE#1")).toBe("denied");
});

test("nobody but its named senders may send to a queue, whatever another role in the account allows", () => {
  const policies = resourcesOf(template, "AWS::SQS::QueuePolicy").filter(
    ([one]) => !one.includes("DeadLetters"),
  );
  expect(policies).toHaveLength(AGENTS.length + 1);
  for (const [, { PolicyDocument }] of policies) {
    const { Statement } = PolicyDocument as {
      Statement: { Sid?: string; Effect: string; Condition: object }[];
    };
    const [named] = Statement.filter(({ Sid }) => Sid === "OnlyNamedSenders");
    expect(named?.Effect).toBe("Deny");
    expect(JSON.stringify(named?.Condition)).toMatch(/^\{"ArnNotLike":\{"aws:PrincipalArn":\[/);
  }
});

test("no request without TLS reaches a queue or a bucket", () => {
  const plain = { "aws:SecureTransport": ["false"] };
  const send = { role: roleIds.coder, action: "sqs:SendMessage", resource: arns["events queue"] ?? "" };
  expect(evaluate(send)).toBe("allowed");
  expect(evaluate({ ...send, context: plain })).toBe("denied");
  const read = { role: roleIds.coder, action: "s3:GetObject", resource: arns["blob"] ?? "" };
  expect(evaluate({ ...read, context: plain })).toBe("denied");
});

test("no policy allows an action by a wildcard, nor a resource but X-Ray's", () => {
  const statements = resourcesOf(template, "AWS::IAM::Policy").flatMap(
    ([, { PolicyDocument }]) =>
      (PolicyDocument as { Statement: { Action: string | string[]; Resource: unknown }[] }).Statement,
  );
  for (const { Action, Resource } of statements) {
    const actions = [Action].flat();
    expect(actions.filter((action) => action.includes("*"))).toEqual([]);
    if (Resource === "*") expect(actions.filter((action) => !action.startsWith("xray:"))).toEqual([]);
  }
});

test("an agent on Bedrock may ask its own model, in this account and region, and no other agent may", async () => {
  const onBedrock = await synthesise({
    agents: '{"critic":{"provider":"bedrock","model":"anthropic.claude-x"}}',
  });
  const judge = createEvaluator(onBedrock);
  const ask = (agent: string, model: string, project: string) =>
    judge({
      role:
        resourcesOf(onBedrock, "AWS::IAM::Role").find(([one]) =>
          one.startsWith(`Agent${agent}FunctionRole`),
        )?.[0] ?? "",
      action: "bedrock-mantle:CreateInference",
      resource: project,
      context: { "bedrock-mantle:Model": [model] },
    });
  const here = "arn:<AWS::Partition>:bedrock-mantle:<AWS::Region>:<AWS::AccountId>:project/default";
  expect(ask("critic", "anthropic.claude-x", here)).toBe("allowed");
  expect(ask("critic", "anthropic.claude-y", here)).toBe("denied");
  expect(ask("critic", "anthropic.claude-x", here.replace("<AWS::AccountId>", "123456789012"))).toBe(
    "denied",
  );
  expect(ask("coder", "anthropic.claude-x", here)).toBe("denied");
  const actions = JSON.stringify(resourcesOf(onBedrock, "AWS::IAM::Policy")).match(/bedrock[\w-]*:\w+/g);
  expect([...new Set(actions)].sort()).toEqual(["bedrock-mantle:CreateInference", "bedrock-mantle:Model"]);
});

test("no managed policy is attached to a role of ours", () => {
  for (const [name, { ManagedPolicyArns, Policies }] of resourcesOf(template, "AWS::IAM::Role")) {
    if (!Object.values(roleIds).includes(name)) continue;
    expect([name, ManagedPolicyArns, Policies]).toEqual([name, undefined, undefined]);
  }
});

test("the evaluator knows a deny from an allow, a wildcard from a name, and absence from a value", () => {
  expect(evaluate({ role: "Nobody", action: "sqs:SendMessage", resource: arns["events queue"] ?? "" })).toBe(
    "denied",
  );
  // ForAllValues holds for nothing at all: `Null` is what refuses it.
  expect(evaluate({ role: roleIds.coder, action: "dynamodb:Query", resource: arns["table"] ?? "" })).toBe(
    "denied",
  );
});
