import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTarget } from "../support/open-target.ts";
import { PATIENCE, type Target } from "../support/target.ts";

let target: Target;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ target, close } = await openTarget());
});
afterAll(() => close());

describe("the standard flow", () => {
  test("coder hands off to planner and critic in parallel and finishes with both answers", async () => {
    const view = await target.run("[[quick]] Write a rate limiter");
    expect(view).toMatchObject({ status: "SUCCEEDED", agent: "coder" });
    expect(view.output).toBeTruthy();
    expect(view.tasks.map(({ agent, status }) => [agent, status])).toEqual([
      ["coder", "SUCCEEDED"],
      ["planner", "SUCCEEDED"],
      ["critic", "SUCCEEDED"],
    ]);
    expect(view.handoffs).toMatchObject([{ mode: "parallel", requester: 1, status: "JOINED" }]);
    expect(view.usage.calls).toBe(4);
  });

  test("its history tells the whole story, numbered without gaps, and ends with one terminal event", async () => {
    const view = await target.run("[[quick]] Write a rate limiter");
    const events = await target.history(view.executionId);
    expect(events.map(({ n }) => n)).toEqual(events.map((_, index) => index + 1));
    const types = events.map(({ type }) => type);
    // The two branches end in any order; everything else has one place.
    expect(types).toEqual([
      "ExecutionStarted",
      "TaskScheduled",
      "HandoffRequested",
      "TaskScheduled",
      "TaskScheduled",
      "TaskSucceeded",
      "TaskSucceeded",
      "HandoffCompleted",
      "TaskResumed",
      "TaskSucceeded",
      "ExecutionSucceeded",
    ]);
  });

  test("what coder wrote is in the workspace", async () => {
    const view = await target.run("[[standard]] Write a token-bucket rate limiter", {}, 60_000 * PATIENCE);
    expect(view.status).toBe("SUCCEEDED");
    const files = await target.files(view.executionId);
    expect(files.length).toBeGreaterThan(1);
    for (const path of files) expect((await target.file(view.executionId, path)).length).toBeGreaterThan(20);
  });
});

describe("the other handoffs", () => {
  test("a single handoff brings one answer back", async () => {
    const view = await target.run("[[single]] Plan this");
    expect(view.status).toBe("SUCCEEDED");
    expect(view.handoffs).toMatchObject([{ mode: "single", status: "JOINED" }]);
    expect(view.tasks).toHaveLength(2);
  });

  test("a transfer makes the target's answer the requester's", async () => {
    const view = await target.run("[[transfer]] Plan this instead of me");
    expect(view.status).toBe("SUCCEEDED");
    const answer = (await target.task(view.executionId, 2)).answer;
    expect(view.output).toBe(answer);
    expect(view.tasks.map(({ agent, turns }) => [agent, turns])).toEqual([
      ["coder", 1],
      ["planner", 1],
    ]);
  });

  test("handoffs nest: a planner asks the critic before it answers the coder", async () => {
    const view = await target.run("[[nested]] Plan, with a critic");
    expect(view.status).toBe("SUCCEEDED");
    expect(view.tasks.map(({ agent, depth }) => [agent, depth])).toEqual([
      ["coder", 0],
      ["planner", 1],
      ["critic", 2],
    ]);
    expect(view.handoffs.map(({ requester, status }) => [requester, status])).toEqual([
      [1, "JOINED"],
      [2, "JOINED"],
    ]);
  });

  test("two handoff calls of one turn join separately and resume once [bad-input 29]", async () => {
    const view = await target.run("[[two-handoffs]] Ask twice");
    expect(view.status).toBe("SUCCEEDED");
    expect(view.handoffs).toHaveLength(2);
    const events = await target.history(view.executionId);
    expect(events.filter(({ type }) => type === "TaskResumed")).toHaveLength(1);
    expect(events.filter(({ type }) => type === "HandoffCompleted")).toHaveLength(2);
  });

  test("twenty branches join in the declared order", async () => {
    const view = await target.run("[[fan-out-20]] Ask everybody", { limits: { tokens: 2_000_000, usd: 50 } });
    expect(view.status).toBe("SUCCEEDED");
    expect(view.tasks).toHaveLength(21);
    const parts = Array.from({ length: 20 }, (_, n) => n + 1);
    expect(view.handoffs[0]?.branches.map(({ task }) => task - 1)).toEqual(parts);
    // What coder was given, in the order in which it tells it.
    const told = view.output?.matchAll(/has seen part (\d+)/g) ?? [];
    expect([...told].map(([, part]) => Number(part))).toEqual(parts);
  });
});

describe("a failing branch", () => {
  test("under collect the coder gets both entries, the failure labelled [bad-input 30]", async () => {
    const view = await target.run("[[fail-collect]] Ask both");
    expect(view.status).toBe("SUCCEEDED");
    expect(view.tasks.map(({ agent, status }) => [agent, status])).toEqual([
      ["coder", "SUCCEEDED"],
      ["critic", "FAILED"],
      ["planner", "SUCCEEDED"],
    ]);
    expect(view.tasks[1]?.failure?.name).toBe("Refused");
  });

  test("under fail-fast its siblings are stopped and pay no further call [bad-input 31]", async () => {
    const view = await target.run("[[fail-fast]] Ask both");
    expect(view.status).toBe("SUCCEEDED");
    const planner = view.tasks.find(({ agent }) => agent === "planner");
    expect(planner?.status).toBe("ABORTED");
    expect(planner?.turns).toBeLessThanOrEqual(1);
  });

  test("a quorum is reached without the branch that failed", async () => {
    const view = await target.run("[[quorum]] One of two");
    expect(view.status).toBe("SUCCEEDED");
    expect(view.handoffs).toMatchObject([{ onFailure: { quorum: 1 }, status: "JOINED" }]);
    expect(view.tasks.map(({ agent, status }) => [agent, status])).toContainEqual(["planner", "SUCCEEDED"]);
  });

  test("a quorum that cannot be reached any more joins with what there is", async () => {
    const view = await target.run("[[quorum quorum=2]] Both of two");
    expect(view.status).toBe("SUCCEEDED");
    expect(view.tasks.map(({ agent, status }) => [agent, status])).toContainEqual(["critic", "FAILED"]);
  });

  test("handoffs that cannot be carried out are answered with what is wrong, and the run goes on [bad-inputs 23-27, 33]", async () => {
    const view = await target.run("[[bad-handoffs]] Try everything wrong first");
    expect(view.status).toBe("SUCCEEDED");
    const { turnList } = await target.task(view.executionId, 1);
    const errors = turnList.flatMap(({ toolCalls }) => toolCalls).filter(({ isError }) => isError === true);
    expect(errors.length).toBeGreaterThanOrEqual(5);
    expect(errors.some(({ result }) => result?.includes("FANOUT_TOO_LARGE"))).toBe(true);
    expect(errors.some(({ result }) => result?.includes("planner"))).toBe(true);
  });
});
