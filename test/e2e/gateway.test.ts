import { expect, test } from "vitest";
import { openHost } from "../support/open-target.ts";
import { eventually } from "../support/spawned-host.ts";
import { Target } from "../support/target.ts";

/** Embedded host only: a deployed API has its own keys and throttles. */

test("without a key, or with a wrong one, nothing is run [bad-input 1]", async () => {
  const { host } = await openHost({ apiKey: "the-right-key" });
  try {
    const without = await new Target(host.url).post("/executions", { input: "[[quick]] No key" });
    expect(without.status).toBe(403);
    expect(without.headers.get("content-type")).toContain("application/problem+json");
    const wrong = await new Target(host.url, "the-wrong-key").post("/executions", {
      input: "[[quick]] Wrong key",
    });
    expect(wrong.status).toBe(403);
    expect((await new Target(host.url, "the-right-key").run("[[quick]] Right key")).status).toBe("SUCCEEDED");
  } finally {
    await host.stop();
  }
});

test("one tenant's execution is not there for another [bad-input 2]", async () => {
  const { host } = await openHost({ apiKey: { a: "key-of-tenant-a", b: "key-of-tenant-b" } });
  try {
    const view = await new Target(host.url, "key-of-tenant-a").run("[[quick]] Mine");
    const foreign = await new Target(host.url, "key-of-tenant-b").fetch(`/executions/${view.executionId}`);
    expect(foreign.status).toBe(404);
    expect(await foreign.json()).toMatchObject({ code: "EXECUTION_NOT_FOUND" });
  } finally {
    await host.stop();
  }
});

test("two hundred requests at once: some are told when to come back, and all that were accepted finish [bad-input 20]", async () => {
  // So slow a refill that a busy machine, which takes seconds for all of them, refuses some too.
  const { target, host } = await openHost({ throttle: { ratePerSecond: 4, burst: 60 } });
  try {
    const responses = await Promise.all(
      Array.from({ length: 200 }, (_, n) => target.post("/executions", { input: `[[quick]] Number ${n}` })),
    );
    const refused = responses.filter(({ status }) => status === 429);
    const accepted = responses.filter(({ status }) => status === 202);
    expect(refused.length + accepted.length).toBe(200);
    expect(accepted.length).toBeGreaterThanOrEqual(60);
    expect(refused.length).toBeGreaterThan(0);
    for (const response of refused) expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    const allSucceeded = async (): Promise<boolean> => {
      await new Promise((resolve) => setTimeout(resolve, 1_000)); // The throttle holds for looks too.
      const page = await target.fetch("/executions?status=SUCCEEDED&limit=100");
      if (page.status !== 200) return false;
      const { executions } = (await page.json()) as { executions: unknown[] };
      return executions.length === Math.min(100, accepted.length);
    };
    await eventually(allSucceeded, "every accepted execution succeeds", 60_000);
  } finally {
    await host.stop();
  }
}, 90_000);

test("a body of 6 MiB is refused before anything runs [bad-input 6]", async () => {
  const { target, host } = await openHost();
  try {
    const response = await target.fetch("/executions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input: "x".repeat(6 * 1024 * 1024) }),
    });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: "INPUT_TOO_LARGE" });
  } finally {
    await host.stop();
  }
});
