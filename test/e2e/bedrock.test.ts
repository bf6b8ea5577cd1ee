import { expect, test } from "vitest";
import { hashOfKey } from "../../infra/local/model-server/ledger.ts";
import { createModelServer } from "../../infra/local/model-server/server.ts";
import { openHost } from "../support/open-target.ts";

/** Embedded host only: it decides whose credentials its agents have. */
test("agents on Bedrock sign with the user's credentials, and no other agent has them", async () => {
  const secret = "canarySecret/0123456789+abcdefghijklmnop";
  const models = await createModelServer({ awsSecrets: { AKIDEXAMPLE: secret } });
  const { target, host } = await openHost({
    env: {
      BULKHEAD_CODER_PROVIDER: "bedrock",
      BULKHEAD_CODER_BASE_URL: `${models.url}/anthropic`,
      AWS_REGION: "eu-central-1",
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: secret,
      AWS_SESSION_TOKEN: "canaryToken==",
      ANTHROPIC_BASE_URL: models.url,
      ANTHROPIC_API_KEY: "anthropic-key",
    },
  });
  try {
    const view = await target.run("[[quick]] Write");
    expect(view).toMatchObject({ status: "SUCCEEDED" });
    const callers = new Map(models.ledger().map(({ agent, keyHash }) => [agent, keyHash]));
    expect(Object.fromEntries(callers)).toEqual({
      coder: hashOfKey("AKIDEXAMPLE"),
      planner: hashOfKey("anthropic-key"),
      critic: hashOfKey("anthropic-key"),
    });
    const [turn] = (await target.task(view.executionId, 1)).turnList;
    expect(turn?.model).toMatch(/^anthropic\.claude-/);
  } finally {
    await host.stop();
    await models.stop();
  }
});
