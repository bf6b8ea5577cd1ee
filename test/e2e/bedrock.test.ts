import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hashOfKey } from "../../infra/local/model-server/ledger.ts";
import { hasTeam, type OpenTeam, openTeam } from "../support/open-team.ts";
import { keyOf, SIGNER } from "../support/team.ts";

describe.runIf(hasTeam)("an agent on Bedrock", () => {
  let team: OpenTeam;
  beforeAll(async () => {
    team = await openTeam(["operator", "signer"]);
  });
  afterAll(() => team?.close());

  test("signs with its own credentials, which no other agent has", async () => {
    const view = await team.target.run("[[sign]] Have it signed", { agent: "operator" });
    expect(view).toMatchObject({ status: "SUCCEEDED" });
    const callers = new Map((await team.ledger("sign")).map(({ agent, keyHash }) => [agent, keyHash]));
    expect(Object.fromEntries(callers)).toEqual({
      operator: hashOfKey(keyOf("operator")),
      signer: hashOfKey(SIGNER.accessKeyId),
    });
    const [turn] = (await team.target.task(view.executionId, 2)).turnList;
    expect(turn?.model).toMatch(/^anthropic\.claude-/);
  });
});
