import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type AnthropicModelOptions,
  createAnthropicModel,
} from "../../functions/shared/adapters/anthropic-model.ts";
import type { AwsIdentity } from "../../functions/shared/contracts/aws-identity.ts";
import { isText } from "../../functions/shared/contracts/model-message.ts";
import { totalTokens } from "../../functions/shared/contracts/usage.ts";
import type { ModelRequest } from "../../functions/shared/ports/model.ts";
import { DIALECTS } from "../../infra/local/model-server/dialect.ts";
import * as fault from "../../infra/local/model-server/faults.ts";
import { hashOfKey } from "../../infra/local/model-server/ledger.ts";
import type { Turn } from "../../infra/local/model-server/script.ts";
import { createModelServer, type ModelServer } from "../../infra/local/model-server/server.ts";
import { askingOf, failureOf, KEY, never, withResults } from "./scripted-conversation.ts";

const SECRET = "canarySecret/0123456789+abcdefghijklmnop";
const TOKEN = "canarySessionToken//0123456789==";

let server: ModelServer;
beforeAll(async () => {
  server = await createModelServer({ awsSecrets: { AKIDEXAMPLE: SECRET } });
});
afterAll(() => server.stop());

const IDENTITY: AwsIdentity = {
  region: "eu-central-1",
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: SECRET,
  sessionToken: TOKEN,
};

const addressOf = (name: string): string => {
  const path = DIALECTS.find((dialect) => dialect.name === name)?.path ?? "";
  return `${server.url}${path.replace("/v1/messages", "")}`;
};

/** Each provider as an agent is connected to it, and who it says has asked. */
const PROVIDERS: readonly {
  readonly name: string;
  readonly caller: string;
  readonly options: () => AnthropicModelOptions;
}[] = [
  {
    name: "anthropic",
    caller: KEY,
    options: () => ({ provider: "anthropic", baseUrl: addressOf("anthropic"), apiKey: async () => KEY }),
  },
  {
    name: "glm",
    caller: KEY,
    options: () => ({ provider: "glm", baseUrl: addressOf("glm"), apiKey: async () => KEY }),
  },
  {
    name: "bedrock by a role's signature",
    caller: "AKIDEXAMPLE",
    options: () => ({
      provider: "bedrock",
      baseUrl: addressOf("bedrock"),
      apiKey: async () => Promise.reject(new Error("there is no key")),
      aws: IDENTITY,
    }),
  },
  {
    name: "bedrock by a bearer token",
    caller: TOKEN,
    options: () => ({
      provider: "bedrock",
      baseUrl: addressOf("bedrock"),
      apiKey: async () => "",
      aws: { region: "eu-central-1", bearerToken: TOKEN },
    }),
  },
];

const asking = (...turns: readonly Turn[]): ModelRequest => askingOf(server, turns);

describe.each(PROVIDERS)("$name", ({ caller, options }) => {
  test("takes a whole conversation: thinking, tool calls and their results, and says who asked", async () => {
    const model = createAnthropicModel(options());
    const request = asking(
      { thinking: "First.", text: "Writing.", calls: [{ name: "write_file", input: { path: "ä.ts" } }] },
      { thinking: "Second.", calls: [{ name: "write_file", input: { path: "b.ts" } }] },
      { text: "Done." },
    );
    const first = await model.call(request, never);
    expect(first.content.map(({ type }) => type)).toEqual(["thinking", "text", "tool_use"]);
    const second = withResults(request, first);
    const third = withResults(second, await model.call(second, never));
    const last = await model.call(third, never);
    expect(last.content.filter(isText)[0]?.text).toBe("Done.");
    const calls = server.ledger().slice(-3);
    expect(calls.map(({ keyHash, completed }) => ({ keyHash, completed }))).toEqual(
      Array.from({ length: 3 }, () => ({ keyHash: hashOfKey(caller), completed: true })),
    );
  });

  test("is never charged more than was estimated, nor for nothing (P4)", async () => {
    const model = createAnthropicModel(options());
    for (const usage of [undefined, null]) {
      const request = asking({ text: "A short one.", ...(usage === undefined ? {} : { usage }) });
      const turn = await model.call(request, never);
      expect(totalTokens(turn.usage)).toBeGreaterThan(20);
      expect(totalTokens(turn.usage)).toBeLessThanOrEqual(model.estimate(request).tokens);
    }
  });

  test.each([
    ["429 with retry-after", fault.rateLimited(7), { failureName: "RateLimited", retryAfterSeconds: 7 }],
    ["529", fault.overloaded(), { failureName: "ModelUnavailable" }],
    ["a cut stream", fault.cut(), { failureName: "ModelUnavailable" }],
    ["an error event", fault.errorEvent("rate_limit_error"), { failureName: "RateLimited" }],
  ])("%s may pass, and the next call goes through", async (_, what, expected) => {
    const model = createAnthropicModel(options());
    const request = asking({ text: "One half. Other half.", faults: [what] });
    expect(await failureOf(model.call(request, never))).toMatchObject(expected);
    const turn = await model.call(request, never);
    expect(turn.content.filter(isText)[0]?.text).toBe("One half. Other half.");
  });

  test("has a default model of its own, and refuses another provider's", async () => {
    const provider = options().provider;
    const own = await createAnthropicModel(options()).call(asking({ text: "ok" }), never);
    expect(own.model).toMatch(
      { anthropic: /^claude-/, glm: /^glm-/, bedrock: /^anthropic\./ }[provider as "glm"],
    );
    if (provider === "anthropic") return;
    const error = await failureOf(
      createAnthropicModel({ ...options(), model: "claude-x" }).call(asking({ text: "ok" }), never),
    );
    expect(error).toMatchObject({ failureName: "ModelRejected", used: { calls: 0 } });
  });
});

test.each(PROVIDERS)(
  "$name is asked to hold an answer to its schema only if it can",
  async ({ name, options }) => {
    const answerSchema = {
      type: "object",
      properties: {
        ok: { type: "boolean" },
        notes: { type: "array", items: { type: "string" }, maxItems: 3 },
      },
      required: ["ok"],
    };
    const request = { ...asking({ text: '{"ok":true}' }), answerSchema };
    const model = createAnthropicModel(options());
    const turn = await model.call(request, never);
    expect(turn.content.filter(isText)[0]?.text).toBe('{"ok":true}');
    expect(totalTokens(turn.usage)).toBeLessThanOrEqual(model.estimate(request).tokens);
    expect(server.ledger().at(-1)?.isStructured).toBe(name === "anthropic");
  },
);

describe("bedrock", () => {
  const signed = (aws: AwsIdentity): AnthropicModelOptions => ({
    provider: "bedrock",
    baseUrl: addressOf("bedrock"),
    apiKey: async () => "",
    aws,
  });

  test.each([
    ["another secret", { ...IDENTITY, secretAccessKey: `${SECRET}x` }],
    ["an unknown key", { ...IDENTITY, accessKeyId: "AKIDUNKNOWN" }],
  ])("a signature by %s is ModelAuthentication, without a word of the secrets", async (_, aws) => {
    const error = await failureOf(createAnthropicModel(signed(aws)).call(asking({ text: "no" }), never));
    expect(error).toMatchObject({ failureName: "ModelAuthentication", used: { calls: 0 } });
    const everything = JSON.stringify([error.message, error.stack, error.cause, Object.entries(error)]);
    for (const secret of [SECRET, TOKEN]) expect(everything).not.toContain(secret);
    expect(server.ledger().at(-1)).toMatchObject({ paid: false, status: 403 });
  });

  test("without credentials says what to set, and asks nobody", async () => {
    const before = server.ledger().length;
    const model = createAnthropicModel({ provider: "bedrock", apiKey: async () => "" });
    const error = await failureOf(model.call(asking({ text: "no" }), never));
    expect(error).toMatchObject({ failureName: "ModelRejected" });
    expect(error.message).toContain("AWS_ACCESS_KEY_ID");
    expect(server.ledger()).toHaveLength(before);
  });

  test("is asked in the caller's region", async () => {
    const model = createAnthropicModel({
      provider: "bedrock",
      apiKey: async () => "",
      aws: { ...IDENTITY, region: "nowhere.invalid:1/" },
    });
    // The address is made of the region, so a region that is no name of a host reaches nobody.
    expect(await failureOf(model.call(asking({ text: "no" }), never))).toMatchObject({
      failureName: "ModelUnavailable",
    });
  });

  test("credentials are for bedrock only: another provider is sent its key, and no signature", async () => {
    const model = createAnthropicModel({
      provider: "anthropic",
      baseUrl: addressOf("anthropic"),
      apiKey: async () => KEY,
      aws: IDENTITY,
    });
    await model.call(asking({ text: "ok" }), never);
    expect(server.ledger().at(-1)?.keyHash).toBe(hashOfKey(KEY));
  });
});
