import { afterAll, beforeAll, expect, test } from "vitest";
import { StartExecutionAnswer } from "../../functions/shared/contracts/api.ts";
import { totalTokens } from "../../functions/shared/contracts/usage.ts";
import { openTarget } from "../support/open-target.ts";
import { PATIENCE, type Target } from "../support/target.ts";

let target: Target;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ target, close } = await openTarget());
});
afterAll(() => close());

test("a stop during a model call ends the execution long before the model would have answered [bad-input 17]", async () => {
  const id = await target.start("[[stop-me]] Think for a long time");
  await target.until(id, (view) => view.tasks[0]?.doing === "model");
  const before = Date.now();
  expect((await target.post(`/executions/${id}/stop`)).status).toBe(202);
  const view = await target.end(id, 15_000);
  expect(view.status).toBe("ABORTED");
  expect(Date.now() - before).toBeLessThan(10_000);
  // Saying it again is no mistake; stopping what ended by itself is one.
  expect((await target.post(`/executions/${id}/stop`)).status).toBe(202);
});

test("an execution that has ended by itself cannot be stopped [bad-input 17]", async () => {
  const { executionId } = await target.run("[[quick]] Write");
  const stop = await target.post(`/executions/${executionId}/stop`);
  expect(stop.status).toBe(409);
  expect(await stop.json()).toMatchObject({ code: "ALREADY_FINISHED" });
  expect((await target.get(executionId)).status).toBe("SUCCEEDED");
});

test("stopping twice is accepted twice [bad-input 17]", async () => {
  const id = await target.start("[[stop-me]] Think for a long time");
  const answers = await Promise.all([
    target.post(`/executions/${id}/stop`),
    target.post(`/executions/${id}/stop`),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([202, 202]);
  expect((await target.end(id, 15_000)).status).toBe("ABORTED");
});

test("a budget reached in the middle of a fan-out of 20 ends the run, and no more is spent than was allowed", async () => {
  const tokens = 30_000; // all of them together need some 50,000
  const view = await target.run("[[fan-out-20]] Ask everybody", { limits: { tokens } });
  expect(view).toMatchObject({ status: "FAILED", failure: { name: "BudgetExceeded" } });
  expect(totalTokens(view.usage)).toBeLessThanOrEqual(tokens);
  const ends = Map.groupBy(view.tasks, ({ status, failure }) => failure?.name ?? status);
  expect([...ends.keys()].sort()).toEqual(["BudgetExceeded", "SUCCEEDED"]);
});

test("a call budget of 3 stops the standard flow before its fourth call", async () => {
  const view = await target.run("[[quick]] Write", { limits: { calls: 3 } });
  expect(view.usage.calls).toBeLessThanOrEqual(3);
  expect(view).toMatchObject({ status: "FAILED", failure: { name: "BudgetExceeded" } });
  // Which cap, and what was spent on whom.
  expect(view.failure?.message).toMatch(
    /^the budget is 3 model calls, 3 are spent, and the next call may need 1\. Spent: /,
  );
  expect(view.failure?.message).toMatch(/coder 1 model calls, \d+ tokens, \$[\d.]+/);
  expect(Object.keys(view.usageByAgent).sort()).toEqual(["coder", "critic", "planner"]);
});

test("a dollar budget that no call fits into ends the run before anything is paid", async () => {
  const view = await target.run("[[quick]] Write", { limits: { usd: 0.000_01 } });
  expect(view).toMatchObject({
    status: "FAILED",
    failure: { name: "BudgetExceeded" },
    usage: { calls: 0, microUsd: 0 },
  });
  expect(view.failure?.message).toMatch(
    /^the budget is \$0\.00001, \$0 are spent, and the next call may need \$/,
  );
});

test("at 80 % of its budget an agent is told, and can still answer", async () => {
  const view = await target.run("[[thrifty]] Look at everything", { limits: { calls: 10 } });
  expect(view.status).toBe("SUCCEEDED");
  expect(view.usage.calls).toBe(8);
  expect(view.output).toContain("of the 10 model calls of this run, 7 are spent and this call may take 1");
});

test("an execution's deadline ends it as TIMED_OUT and pays nothing after", async () => {
  const view = await target.run(
    "[[stop-me ms=90000]] Think",
    { limits: { deadlineSeconds: 2 } },
    20_000 * PATIENCE,
  );
  expect(view.status).toBe("TIMED_OUT");
});

test("two submissions with one idempotency key are one execution [bad-input 15]", async () => {
  const headers = { "idempotency-key": `twice-${Date.now()}` };
  const answers = await Promise.all(
    [1, 2].map(async () => {
      const response = await target.post("/executions", { input: "[[quick]] Once" }, headers);
      return { status: response.status, body: StartExecutionAnswer.parse(await response.json()) };
    }),
  );
  expect(answers.map(({ status }) => status)).toEqual([202, 202]);
  expect(answers[0]?.body.executionId).toBe(answers[1]?.body.executionId);
  const other = await target.post("/executions", { input: "[[quick]] Another" }, headers);
  expect(other.status).toBe(409);
});

test("a storm of 429s is waited out and paid once", async () => {
  const view = await target.run("[[storm]] Write", {}, 45_000 * PATIENCE);
  expect(view.status).toBe("SUCCEEDED");
});

test("broken streams, overload and silent ends are tried again", async () => {
  const view = await target.run("[[faults]] Write", {}, 45_000 * PATIENCE);
  expect(view.status).toBe("SUCCEEDED");
});

test.each([
  ["refused", "Refused"],
  ["truncated", "Truncated"],
  ["empty", "EmptyAnswer"],
])("[bad-input 48] an answer that is %s fails as %s", async (script, name) => {
  const view = await target.run(`[[${script}]] Write`);
  expect(view).toMatchObject({ status: "FAILED", failure: { name } });
});

test("the same call for ever ends as NoProgress [bad-input 47]", async () => {
  const view = await target.run("[[loop]] Write");
  expect(view).toMatchObject({ status: "FAILED", failure: { name: "NoProgress" } });
});

test("unknown tools three times in a row end as ModelProtocol [bad-input 44]", async () => {
  const view = await target.run("[[unknown-tool times=5]] Write");
  expect(view).toMatchObject({ status: "FAILED", failure: { name: "ModelProtocol" } });
});

test("ping-pong between agents is stopped [bad-input 26]", async () => {
  const view = await target.run("[[ping-pong]] Write");
  expect(view.status).toBe("SUCCEEDED");
  expect(view.tasks.map(({ agent }) => agent)).toEqual(["coder", "planner"]);
  const [turn] = (await target.task(view.executionId, 2)).turnList;
  expect(turn?.toolCalls).toMatchObject([
    { tool: "handoff", isError: true, result: expect.stringMatching(/^REPEATED_HANDOFF: "coder" asked you/) },
  ]);
});

test("an answer too large to inline reaches the coder by path [bad-input 34]", async () => {
  const view = await target.run("[[big-answer]] Write");
  expect(view.status).toBe("SUCCEEDED");
  const path = `handoffs/${view.executionId}.2.md`;
  expect(await target.files(view.executionId)).toContain(path);
});

test("an input over 4 KiB and odd characters is carried whole [bad-input 12]", async () => {
  const view = await target.run(`[[quick]] ${"long ".repeat(5_000)}\u0000\uffff\ud800 end`);
  expect(view.status).toBe("SUCCEEDED");
  const { request } = await target.task(view.executionId, 1);
  expect(request).toMatch(/^\[\[quick\]\] (long ){5000}.{1,5} end$/su);
});

test("thirty executions at once all finish", async () => {
  const views = await Promise.all(Array.from({ length: 30 }, (_, n) => target.run(`[[quick]] Number ${n}`)));
  expect(views.filter(({ status }) => status === "SUCCEEDED")).toHaveLength(30);
});
