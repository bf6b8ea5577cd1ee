import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import { AWS_TIMES, LOCAL_TIMES } from "../../../../functions/shared/contracts/protocol-times.ts";
import { readConfig } from "../../../../functions/shared/kernel/config.ts";
import { TerminalError } from "../../../../functions/shared/kernel/errors.ts";

const sweeper = {
  BULKHEAD_TABLE: "bulkhead",
  BULKHEAD_EVENTS_QUEUE_URL: "https://sqs.eu-central-1.amazonaws.com/123456789012/events",
};
const coordinator = {
  ...sweeper,
  BULKHEAD_OWN_QUEUE_URL: sweeper.BULKHEAD_EVENTS_QUEUE_URL,
  BULKHEAD_AGENT_QUEUE_URLS: JSON.stringify({ coder: "http://127.0.0.1:4566/0/agent-coder" }),
};
const agent = {
  ...sweeper,
  BULKHEAD_OWN_QUEUE_URL: "http://127.0.0.1:4566/0/agent-coder",
  BULKHEAD_BUCKET: "blobs",
  BULKHEAD_AGENT: "coder",
};
const api = { ...sweeper, BULKHEAD_BUCKET: "blobs", BULKHEAD_AGENT_MODELS: "{}" };

describe("what each kind of function is told", () => {
  test("the sweeper: a store and the events queue, with everything else at its default", () => {
    expect(readConfig("sweeper", sweeper)).toEqual({
      functionName: "local",
      logLevel: "info",
      store: { kind: "dynamodb", table: "bulkhead" },
      s3PathStyle: false,
      eventsQueueUrl: sweeper.BULKHEAD_EVENTS_QUEUE_URL,
    });
  });

  test("the coordinator: the agents' queues, and AWS's times unless it is told others", () => {
    expect(readConfig("coordinator", coordinator)).toMatchObject({
      agentQueueUrls: { coder: "http://127.0.0.1:4566/0/agent-coder" },
      times: AWS_TIMES,
    });
    const local = { ...coordinator, BULKHEAD_TIMES: JSON.stringify(LOCAL_TIMES) };
    expect(readConfig("coordinator", local).times).toEqual(LOCAL_TIMES);
  });

  test("an agent: its own key from its environment, or the name of its secret", () => {
    expect(readConfig("agent", { ...agent, BULKHEAD_API_KEY: "sk-1" }).apiKey).toEqual({
      kind: "fixed",
      text: "sk-1",
      variable: "BULKHEAD_API_KEY",
    });
    expect(readConfig("agent", { ...agent, BULKHEAD_SECRET_ID: "bulkhead/coder" }).apiKey).toEqual({
      kind: "stored",
      secretId: "bulkhead/coder",
    });
  });

  test("an agent without a key starts all the same: the task fails, not the function [bad-input 43]", () => {
    for (const BULKHEAD_API_KEY of [undefined, ""]) {
      expect(readConfig("agent", { ...agent, BULKHEAD_API_KEY }).apiKey).toMatchObject({ text: "" });
    }
  });

  test("the api: which models answer, and whether they are scripted", () => {
    const models = { coder: { provider: "glm", model: "glm-5" } };
    const told = { ...api, BULKHEAD_SCRIPTED: "1", BULKHEAD_AGENT_MODELS: JSON.stringify(models) };
    expect(readConfig("api", told)).toMatchObject({ agentModels: models, scripted: true });
    expect(readConfig("api", api)).toMatchObject({ agentModels: {}, scripted: false });
  });

  test("the api: the limits and the retention of who asks for none, as the deployment has them", () => {
    const told = {
      ...api,
      BULKHEAD_LIMITS: '{"tokens":1000,"microUsd":2500000}',
      BULKHEAD_RETENTION_SECONDS: "864000",
    };
    expect(readConfig("api", told)).toMatchObject({
      limits: { tokens: 1000, microUsd: 2_500_000 },
      retentionSeconds: 864_000,
    });
    expect(readConfig("api", api)).toMatchObject({
      limits: {},
      retentionSeconds: LIMITS.retentionSecondsDefault,
    });
  });

  test("a store on SQLite needs no table, and its file may hold blanks and colons", () => {
    const { BULKHEAD_TABLE: _, ...rest } = sweeper;
    expect(readConfig("sweeper", { ...rest, BULKHEAD_STORE: "sqlite:/my data/c:bulkhead.db" }).store).toEqual(
      {
        kind: "sqlite",
        file: "/my data/c:bulkhead.db",
      },
    );
  });

  test("an endpoint for all services or for S3 alone means path-style buckets", () => {
    expect(readConfig("sweeper", { ...sweeper, AWS_ENDPOINT_URL: "http://a" }).s3PathStyle).toBe(true);
    expect(readConfig("sweeper", { ...sweeper, AWS_ENDPOINT_URL_S3: "http://a" }).s3PathStyle).toBe(true);
  });
});

describe("who asks Bedrock", () => {
  const role = { AWS_REGION: "eu-central-1", AWS_ACCESS_KEY_ID: "AKID", AWS_SECRET_ACCESS_KEY: "s" };

  test("is the function's own role, with its session token when it has one", () => {
    const own = { region: "eu-central-1", accessKeyId: "AKID", secretAccessKey: "s" };
    expect(readConfig("agent", { ...agent, ...role }).aws).toEqual(own);
    expect(readConfig("agent", { ...agent, ...role, AWS_SESSION_TOKEN: "t" }).aws).toEqual({
      ...own,
      sessionToken: "t",
    });
    expect(readConfig("agent", agent).aws).toBeUndefined();
  });

  test("is whoever started the embedded host, before the credentials that emulators take", () => {
    const identity = { region: "us-west-2", bearerToken: "token" };
    const env = { ...agent, ...role, BULKHEAD_AWS_IDENTITY: JSON.stringify(identity) };
    expect(readConfig("agent", env).aws).toEqual(identity);
  });
});

describe("what is wrong with an environment", () => {
  const problemOf = (
    kind: Parameters<typeof readConfig>[0],
    env: Record<string, string | undefined>,
  ): string => {
    try {
      readConfig(kind, env);
    } catch (error) {
      expect(error).toBeInstanceOf(TerminalError);
      return (error as Error).message;
    }
    throw new Error("the environment was accepted");
  };

  test("every missing variable is named with what it is for and what to do", () => {
    const problem = problemOf("agent", { BULKHEAD_TABLE: "bulkhead" });
    for (const variable of ["EVENTS_QUEUE_URL", "OWN_QUEUE_URL", "BUCKET", "AGENT"]) {
      expect(problem).toMatch(new RegExp(`BULKHEAD_${variable} \\([^)]+\\) is not set`));
    }
    expect(problem).toMatch(/Correct the function's environment$/);
  });

  test("an empty variable is one that is not set", () => {
    expect(problemOf("sweeper", { ...sweeper, BULKHEAD_EVENTS_QUEUE_URL: "" })).toMatch(/is not set/);
  });

  test("DynamoDB without a table", () => {
    expect(problemOf("sweeper", { ...sweeper, BULKHEAD_TABLE: undefined })).toMatch(
      /BULKHEAD_TABLE \(the DynamoDB table's name\) is not set/,
    );
  });

  test.each([
    ["BULKHEAD_TIMES", "{", /BULKHEAD_TIMES .* is invalid: not JSON/],
    ["BULKHEAD_TIMES", '{"leaseMs":-1}', /BULKHEAD_TIMES .* is invalid: leaseMs: /],
    ["BULKHEAD_STORE", "postgres", /BULKHEAD_STORE .* is invalid: neither dynamodb nor sqlite:<file>/],
    ["BULKHEAD_OWN_QUEUE_URL", "coder", /BULKHEAD_OWN_QUEUE_URL .* is invalid: /],
    ["BULKHEAD_LOG_LEVEL", "loud", /BULKHEAD_LOG_LEVEL .* is invalid: /],
    ["BULKHEAD_AGENT_QUEUE_URLS", '{"Coder":"http://a"}', /BULKHEAD_AGENT_QUEUE_URLS .* is invalid: Coder: /],
  ])("%s=%s", (variable, value, problem) => {
    expect(problemOf("coordinator", { ...coordinator, [variable]: value })).toMatch(problem);
  });

  test.each([
    ["BULKHEAD_LIMITS", "1000", /BULKHEAD_LIMITS .* is invalid: /],
    ["BULKHEAD_LIMITS", '{"tokens":-1}', /BULKHEAD_LIMITS .* is invalid: tokens: /],
    ["BULKHEAD_LIMITS", '{"tokens":"1000"}', /BULKHEAD_LIMITS .* is invalid: tokens: /],
    ["BULKHEAD_RETENTION_SECONDS", "0", /BULKHEAD_RETENTION_SECONDS .* is invalid: /],
    ["BULKHEAD_RETENTION_SECONDS", "30 days", /BULKHEAD_RETENTION_SECONDS .* is invalid: /],
  ])("of the api: %s=%s", (variable, value, problem) => {
    expect(problemOf("api", { ...api, [variable]: value })).toMatch(problem);
  });

  test("no value is repeated: it may be a key in the wrong place", () => {
    const misplaced = "sk-ant-canary-0123456789";
    for (const variable of Object.keys({ ...agent, BULKHEAD_PROVIDER: "", BULKHEAD_TIMES: "" })) {
      const env = { ...agent, [variable]: misplaced };
      const { BULKHEAD_BUCKET: _, ...incomplete } = env;
      expect(problemOf("agent", incomplete)).not.toContain("canary");
    }
  });
});
