import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasTeam, type OpenTeam, openTeam } from "../support/open-team.ts";
import { PATIENCE } from "../support/target.ts";
import { REQUESTS_PER_MINUTE } from "../support/team.ts";

const MINUTE_MS = 60_000;
const minuteOf = (at: number): number => Math.floor(at / MINUTE_MS);

describe.runIf(hasTeam)("what agents share", () => {
  let team: OpenTeam;
  beforeAll(async () => {
    team = await openTeam(["operator", "estimator", "metered"]);
  });
  afterAll(() => team?.close());

  // They wait more than they work, so they wait together.
  test.concurrent("of an account's requests per minute no more are made than there are, each branch gets its turn, and none pays twice", {
    timeout: 300_000,
  }, async () => {
    const parts = REQUESTS_PER_MINUTE + 2;
    const begun = Date.now();
    const view = await team.target.run(`[[count parts=${parts}]] Count`, { agent: "operator" }, 240_000);
    expect(view.status).toBe("SUCCEEDED");
    expect(view.output).toContain(`${parts} parts were counted.`);
    const counted = view.tasks.filter(({ agent }) => agent === "metered");
    // Waiting is no failure: nobody was refused, and nobody has used up an attempt.
    expect(counted.map(({ status, attempt, turns }) => [status, attempt, turns])).toEqual(
      counted.map(() => ["SUCCEEDED", 1, 1]),
    );
    const calls = (await team.ledger("count")).filter(({ agent }) => agent === "metered");
    expect(calls.map(({ paid }) => paid)).toEqual(Array.from({ length: parts }, () => true));
    // A call that was counted in one minute may arrive in the next, never in the one before.
    calls.forEach(({ at }, before) => {
      const minutes = minuteOf(at) - minuteOf(begun) + 1;
      expect(before + 1).toBeLessThanOrEqual(REQUESTS_PER_MINUTE * minutes);
    });
    expect(minuteOf(calls.at(-1)?.at ?? 0)).toBeGreaterThan(minuteOf(begun));
  });

  test.concurrent("a provider's word on when to come back holds back the next execution of its account too", async () => {
    const seconds = 10;
    const { target } = team;
    const agent = "estimator";
    const first = await target.start(`[[sent-away seconds=${seconds}]] First`, { agent });
    // Whoever tells of the failed attempt has told the account before.
    await target.until(first, ({ tasks: [task] }) => (task?.attempt ?? 1) > 1);
    const second = await target.run("[[sent-away]] Second", { agent });
    expect([(await target.end(first)).status, second.status]).toEqual(["SUCCEEDED", "SUCCEEDED"]);
    const [refused, ...later] = await team.ledger("sent-away");
    expect(refused).toMatchObject({ status: 429, paid: false });
    expect(later).toMatchObject([{ status: 200 }, { status: 200 }]);
    const heldUntil = (refused?.at ?? 0) + seconds * 1000;
    expect(later.filter(({ at }) => at < heldUntil)).toEqual([]);
  });

  test.concurrent("an agent's own budget bounds what all its branches spend together", async () => {
    const view = await team.target.run(
      "[[estimate parts=6]] Estimate",
      { agent: "operator" },
      45_000 * PATIENCE,
    );
    expect(view.status).toBe("SUCCEEDED");
    const estimates = view.tasks.filter(({ agent }) => agent === "estimator");
    expect(estimates.filter(({ status }) => status === "SUCCEEDED")).toHaveLength(4);
    const failures = estimates.flatMap(({ failure = [] }) => failure);
    expect(failures.map(({ name }) => name)).toEqual(["BudgetExceeded", "BudgetExceeded"]);
    expect(failures[0]?.message).toMatch(
      /^estimator's own budget is 4 model calls, 4 are spent, and the next call may need 1\. Spent: .*estimator 4 model calls, /,
    );
    expect(view.usageByAgent["estimator"]).toMatchObject({ calls: 4 });
  });
});
