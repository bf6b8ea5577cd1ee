import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasTeam, type OpenTeam, openTeam } from "../support/open-team.ts";

describe.runIf(hasTeam)("an agent with a schema for its answer", () => {
  let team: OpenTeam;
  beforeAll(async () => {
    team = await openTeam(["estimator"]);
  });
  afterAll(() => team?.close());

  const estimate = (wrong: number) =>
    team.target.run(`[[estimate wrong=${wrong}]] Estimate`, { agent: "estimator" });

  test("answers by it, and the provider was asked to hold the model to it", async () => {
    const view = await estimate(0);
    expect(view).toMatchObject({ status: "SUCCEEDED", usage: { calls: 1 } });
    expect(JSON.parse(view.output ?? "")).toEqual({ days: 3, risks: ["rain"] });
    const calls = await team.ledger("estimate");
    expect(calls.map(({ isStructured }) => isStructured)).toContain(true);
    expect(calls.every(({ isStructured }) => isStructured)).toBe(true);
  });

  test("is told what does not fit, and answers again [bad-input 50]", async () => {
    const view = await estimate(2);
    expect(view).toMatchObject({ status: "SUCCEEDED", usage: { calls: 3 } });
    expect(JSON.parse(view.output ?? "")).toEqual({ days: 3, risks: ["rain"] });
  });

  test("fails as OutputSchema with the path at fault when its third answer does not fit either [bad-input 50]", async () => {
    const view = await estimate(3);
    expect(view).toMatchObject({ status: "FAILED", usage: { calls: 3 }, failure: { name: "OutputSchema" } });
    expect(view.failure?.message).toMatch(/after 2 repairs: .*\bdays\b/);
    expect(view.tasks).toMatchObject([{ attempt: 1 }]);
  });
});
