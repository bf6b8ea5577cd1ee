import { expect, test } from "vitest";
import { connectionsIn } from "../../live/connections.ts";

const namesOf = (env: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    connectionsIn(env).map((one) => [one.name, "skipped" in one ? `skipped: ${one.skipped}` : "asked"]),
  );

test("without a key nobody is asked, and each is told what to set", () => {
  expect(namesOf({})).toEqual({
    anthropic: "skipped: set ANTHROPIC_API_KEY",
    glm: "skipped: set GLM_API_KEY",
    bedrock: "skipped: set LIVE_BEDROCK=1, AWS_REGION and credentials",
  });
});

test("AWS credentials alone spend nothing", () => {
  const env = { AWS_REGION: "eu-central-1", AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "s" };
  expect(namesOf(env)["bedrock"]).toMatch(/^skipped: set LIVE_BEDROCK=1/);
  expect(namesOf({ ...env, LIVE_BEDROCK: "1" })["bedrock"]).toBe("asked");
  expect(namesOf({ LIVE_BEDROCK: "1", AWS_REGION: "eu-central-1" })["bedrock"]).toMatch(
    /AWS_BEARER_TOKEN_BEDROCK$/,
  );
});

test("a key is for its own provider, with the model that is named", () => {
  const [anthropic, glm] = connectionsIn({ GLM_API_KEY: "k", LIVE_GLM_MODEL: "glm-x" });
  expect(anthropic).toHaveProperty("skipped");
  expect(glm).toMatchObject({ options: { provider: "glm", model: "glm-x" } });
});
