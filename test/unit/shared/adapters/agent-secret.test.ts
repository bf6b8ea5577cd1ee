import { expect, test } from "vitest";
import { parsedSecret } from "../../../../functions/shared/adapters/agent-secret.ts";
import { TerminalError } from "../../../../functions/shared/kernel/errors.ts";

const CANARY = "canary-91b7";
const secretOf = (text: string) => parsedSecret(async () => text);

const failureOf = async (promise: Promise<unknown>): Promise<TerminalError> => {
  const error = await promise.catch((reason: unknown) => reason);
  if (error instanceof TerminalError) return error;
  throw new Error(`expected a TerminalError, got ${String(error)}`);
};

test("a secret is the provider's key", async () => {
  expect(await secretOf("sk-1").apiKey()).toBe("sk-1");
});

test("or an object that holds the key and a credential per tool server", async () => {
  const secret = secretOf(JSON.stringify({ apiKey: "sk-1", mcp: { docs: "t-1", wiki: "t-2" } }));
  expect(await secret.apiKey()).toBe("sk-1");
  expect(await secret.credentialOf("docs")).toBe("t-1");
  expect(await secret.credentialOf("wiki")).toBe("t-2");
});

test.each([
  ["no key", JSON.stringify({ mcp: { docs: CANARY } }), "apiKey"],
  ["nothing for this server", JSON.stringify({ apiKey: CANARY, mcp: { wiki: CANARY } }), "mcp.docs"],
  ["a key alone", CANARY, "mcp.docs"],
  ["a name of every object", JSON.stringify({ apiKey: CANARY, mcp: {} }), "mcp.constructor"],
])(
  "with %s it says what is missing, and nothing of what is there [bad-input 43]",
  async (_, text, missing) => {
    const secret = secretOf(text);
    const failure = await failureOf(
      missing === "apiKey" ? secret.apiKey() : secret.credentialOf(missing.replace("mcp.", "")),
    );
    expect(failure.failureName).toBe("SecretUnavailable");
    expect(failure.message).toContain(`\`${missing}\``);
    expect(failure.message).not.toContain(CANARY);
  },
);

test.each([`{"apiKey": "${CANARY}"`, `{"apiKey": {"a": "${CANARY}"}}`, `{"mcp": ["${CANARY}"]}`])(
  "what is neither is refused without a word of it: %#",
  async (text) => {
    const failure = await failureOf(secretOf(text).apiKey());
    expect(failure.failureName).toBe("SecretUnavailable");
    expect(failure.message).not.toContain(CANARY);
  },
);

test("a rotated secret is read anew", async () => {
  const texts = ["old", "new"];
  const secret = parsedSecret(async () => texts.shift() ?? "");
  expect([await secret.apiKey(), await secret.apiKey()]).toEqual(["old", "new"]);
});
