import { afterAll, beforeAll, expect, test } from "vitest";
import type { Host } from "../../infra/local/host.ts";
import { openHost } from "../support/open-target.ts";
import type { Target } from "../support/target.ts";

/**
 * Embedded host only: a deployed target runs the minified bundles anyway. What `slim-bundle.ts`
 * leaves out is missed at run time or never, so that these use every client there is, DynamoDB's too.
 */
let target: Target;
let host: Host;

beforeAll(async () => {
  ({ target, host } = await openHost({ minify: true, store: "dynalite" }));
});
afterAll(() => host.stop());

test("the bundles that are deployed run the standard flow", async () => {
  const view = await target.run("[[quick]] Write");
  expect(view).toMatchObject({ status: "SUCCEEDED", usage: { calls: 4 } });
});

test("they write blobs to S3 and read them back", async () => {
  const view = await target.run("[[big-answer]] Write");
  expect(view.status).toBe("SUCCEEDED");
  const path = `handoffs/${view.executionId}.2.md`;
  expect((await target.file(view.executionId, path)).length).toBeGreaterThan(16_384);
});

test("they know a refused condition when they meet one", async () => {
  const headers = { "idempotency-key": "one-of-the-minified" };
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => target.post("/executions", { input: "[[quick]] Once" }, headers)),
  );
  const ids = await Promise.all(
    answers.map(async (one) => ((await one.json()) as { executionId: string }).executionId),
  );
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  expect(new Set(ids).size).toBe(1);
  expect((await target.end(ids[0] ?? "")).status).toBe("SUCCEEDED");
});

test("they try broken streams and an overloaded model again", async () => {
  expect((await target.run("[[faults]] Write", {}, 45_000)).status).toBe("SUCCEEDED");
});
