import { expect, test } from "vitest";
import { HostError } from "../../../../infra/local/host-error.ts";
import {
  readProviderLimits,
  resolveProviders,
  scriptedProviders,
} from "../../../../infra/local/provider-settings.ts";

const AGENTS = [
  { name: "coder" },
  { name: "planner" },
  { name: "risk-critic", provider: "glm", model: "glm-declared" },
] as const;
const CODER = [AGENTS[0]];

const refusal = (
  env: Record<string, string>,
  agents: Parameters<typeof resolveProviders>[1] = AGENTS,
): string => {
  try {
    resolveProviders(env, agents);
  } catch (error) {
    expect(error).toBeInstanceOf(HostError);
    expect((error as HostError).message).not.toContain("\n");
    return (error as HostError).message;
  }
  throw new Error("was not refused");
};

test("without any setting there are no providers, and the scripted server answers", () => {
  expect(resolveProviders({}, AGENTS)).toBeUndefined();
  expect(resolveProviders({ ANTHROPIC_API_KEY: "", BULKHEAD_CODER_API_KEY: " " }, AGENTS)).toBeUndefined();
  expect(resolveProviders({ ANTHROPIC_BASE_URL: "http://left.over" }, AGENTS)).toBeUndefined();
});

test("scripted agents each have a key of their own", () => {
  const settings = scriptedProviders("http://127.0.0.1:1", AGENTS);
  expect(Object.values(settings).map(({ apiKey }) => apiKey)).toEqual([
    "scripted-coder",
    "scripted-planner",
    "scripted-risk-critic",
  ]);
});

test("one key serves all agents that use its provider", () => {
  const agents = [{ name: "coder" }, { name: "planner" }];
  expect(resolveProviders({ ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: "http://x.test" }, agents)).toEqual({
    coder: {
      provider: "anthropic",
      model: expect.stringMatching(/^claude/),
      baseUrl: "http://x.test",
      account: "anthropic",
      apiKey: "k",
    },
    planner: {
      provider: "anthropic",
      model: expect.stringMatching(/^claude/),
      baseUrl: "http://x.test",
      account: "anthropic",
      apiKey: "k",
    },
  });
});

test("an agent's own variables win over those for all, which win over agent.ts", () => {
  const env = {
    ANTHROPIC_API_KEY: "shared-key",
    BULKHEAD_MODEL: "shared-model",
    BULKHEAD_PLANNER_MODEL: "own-model",
    BULKHEAD_PLANNER_API_KEY: "own-key",
  };
  const agents = [
    { name: "coder", model: "declared" },
    { name: "planner", model: "declared" },
  ];
  const settings = resolveProviders(env, agents);
  expect(settings?.["coder"]).toMatchObject({ model: "shared-model", apiKey: "shared-key" });
  expect(settings?.["planner"]).toMatchObject({ model: "own-model", apiKey: "own-key" });
  expect(resolveProviders({ ANTHROPIC_API_KEY: "k" }, agents)?.["coder"]).toMatchObject({
    model: "declared",
  });
});

test("what is set for all never reaches an agent with another provider", () => {
  const env = {
    ANTHROPIC_API_KEY: "anthropic-key",
    ANTHROPIC_BASE_URL: "http://a.test",
    BULKHEAD_MODEL: "claude-x",
  };
  expect(refusal(env)).toContain("there is no key for risk-critic");
  const settings = resolveProviders({ ...env, BULKHEAD_RISK_CRITIC_API_KEY: "glm-key" }, AGENTS);
  expect(settings?.["risk-critic"]).toEqual({
    provider: "glm",
    model: "glm-declared",
    account: "glm",
    apiKey: "glm-key",
  });
});

test("a provider for all changes what agent.ts declares, and its declared model with it", () => {
  const settings = resolveProviders({ BULKHEAD_PROVIDER: "anthropic", ANTHROPIC_API_KEY: "k" }, AGENTS);
  expect(settings?.["risk-critic"]).toMatchObject({
    provider: "anthropic",
    model: expect.stringMatching(/^claude/),
  });
});

test("an agent on bedrock takes the user's AWS credentials, and nothing that is Anthropic's", () => {
  const env = {
    BULKHEAD_PROVIDER: "bedrock",
    BULKHEAD_MODEL: "anthropic.claude-x",
    ANTHROPIC_API_KEY: "anthropic-key",
    ANTHROPIC_BASE_URL: "http://a.test",
    AWS_DEFAULT_REGION: "eu-central-1",
    AWS_ACCESS_KEY_ID: "AKID",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_SESSION_TOKEN: "token",
  };
  const identity = { region: "eu-central-1", accessKeyId: "AKID", secretAccessKey: "secret" };
  expect(resolveProviders(env, CODER)?.["coder"]).toEqual({
    provider: "bedrock",
    model: "anthropic.claude-x",
    account: "bedrock",
    apiKey: "",
    aws: { ...identity, sessionToken: "token" },
  });
  const { AWS_SESSION_TOKEN: _, ...lasting } = env;
  expect(resolveProviders(lasting, CODER)?.["coder"]?.aws).toEqual(identity);
  expect(resolveProviders({ ...env, AWS_BEARER_TOKEN_BEDROCK: "bearer" }, CODER)?.["coder"]?.aws).toEqual({
    region: "eu-central-1",
    bearerToken: "bearer",
  });
  // Who asks another provider lends nobody their credentials.
  const other = resolveProviders({ ...env, BULKHEAD_PROVIDER: "anthropic" }, CODER);
  expect(other?.["coder"]).not.toHaveProperty("aws");
});

test("a key for one agent only is an error that names the others, and no key", () => {
  const message = refusal({ BULKHEAD_CODER_API_KEY: "canary-value" });
  expect(message).toContain("there is no key for planner, risk-critic");
  expect(message).toContain("BULKHEAD_PLANNER_API_KEY");
  expect(message).toContain("BULKHEAD_RISK_CRITIC_API_KEY");
  expect(message).not.toContain("canary-value");
});

test("a model without a key is an error, not a scripted answer", () => {
  expect(refusal({ BULKHEAD_MODEL: "claude-x" }, CODER)).toContain("set ANTHROPIC_API_KEY");
});

test.each([
  [{ BULKHEAD_PROVIDER: "opeanai", ANTHROPIC_API_KEY: "k" }, 'BULKHEAD_PROVIDER is "opeanai"'],
  [{ BULKHEAD_CODER_PROVIDER: "bedrok", ANTHROPIC_API_KEY: "k" }, "anthropic, glm, compatible, bedrock"],
  [{ BULKHEAD_CODER_PROVIDER: "bedrock" }, "set AWS_REGION"],
  [{ BULKHEAD_CODER_PROVIDER: "bedrock", AWS_REGION: "eu-central-1" }, "aws configure export-credentials"],
  [
    { BULKHEAD_CODER_PROVIDER: "bedrock", AWS_REGION: "eu-central-1", AWS_ACCESS_KEY_ID: "A" },
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  ],
  [{ BULKHEAD_CODERR_API_KEY: "k" }, "BULKHEAD_CODERR_API_KEY names no agent; there are coder"],
  [
    { BULKHEAD_PROVIDER: "compatible", ANTHROPIC_API_KEY: "k", BULKHEAD_MODEL: "m" },
    "set BULKHEAD_CODER_BASE_URL",
  ],
  [
    { BULKHEAD_PROVIDER: "compatible", ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: "http://x.test" },
    "set BULKHEAD_CODER_MODEL",
  ],
  [{ ANTHROPIC_BASE_URL: "x.test:80", ANTHROPIC_API_KEY: "k" }, "must begin with http://"],
])("%j is refused with what to do", (env, said) => {
  expect(refusal(env as unknown as Record<string, string>, CODER)).toContain(said);
});

test("limits are set by account, and only for accounts that somebody uses", () => {
  const read = (text: string) =>
    readProviderLimits({ BULKHEAD_PROVIDER_LIMITS: text }, ["anthropic", "team-b"]);
  expect(readProviderLimits({}, ["anthropic"])).toEqual({});
  expect(read('{"team-b":{"requestsPerMinute":5}}')).toEqual({ "team-b": { requestsPerMinute: 5 } });
  for (const [text, problem] of [
    ["50", "BULKHEAD_PROVIDER_LIMITS: "],
    ['{"anthropic":{"requestsPerMinute":0}}', "anthropic: requestsPerMinute: "],
    ['{"glm":{}}', 'no agent uses the account "glm"; there are anthropic, team-b'],
  ] as const) {
    expect(() => read(text)).toThrow(problem);
  }
});
