import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exampleNames, readExample } from "../../infra/cli/example.ts";
import { ALL_SCRIPTS } from "../../infra/local/model-server/all-scripts.ts";
import { openTarget } from "../support/open-target.ts";
import { PATIENCE, type Target } from "../support/target.ts";

let target: Target;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ target, close } = await openTarget());
});
afterAll(() => close());

const runExample = (name: string) => {
  const { request, files } = readExample(name);
  return target.run(`${request}\n\n[[${name}]]`, { files: [...files] }, 60_000 * PATIENCE);
};

test("every example has a script of its name", () => {
  const scripts = ALL_SCRIPTS.map((script) => script.name);
  expect(exampleNames().filter((name) => !scripts.includes(name))).toEqual([]);
  expect(exampleNames()).toContain("review");
});

/** Of each run of `run_code` in a task: the line that counts its tests. */
const testRuns = async (id: string, task: number): Promise<(string | undefined)[]> =>
  (await target.task(id, task)).turnList
    .flatMap(({ toolCalls }) => toolCalls)
    .filter(({ tool }) => tool === "run_code")
    .map(({ result }) => /^tests: .*$/m.exec(result ?? "")?.[0]);

describe("library", () => {
  test("coder builds it with tests that really run, and repairs what they and the critic find", async () => {
    const view = await runExample("library");
    expect(view.status).toBe("SUCCEEDED");
    expect(view.tasks.map(({ agent, requester }) => [agent, requester])).toEqual([
      ["coder", undefined],
      ["critic", 1],
    ]);
    expect(await target.files(view.executionId)).toEqual(["src/duration.ts", "test/duration.test.ts"]);
    expect(await testRuns(view.executionId, 1)).toEqual([
      "tests: 4 passed, 2 failed",
      "tests: 6 passed, 0 failed",
      "tests: 6 passed, 5 failed",
      "tests: 11 passed, 0 failed",
    ]);
    expect(view.output).toContain("The last run: tests: 11 passed, 0 failed.");
  });
});

describe("two waves", () => {
  test("the plan is checked within the planner's own task, and each wave's tests pass", async () => {
    const view = await runExample("two-waves");
    expect(view.status).toBe("SUCCEEDED");
    expect(view.tasks.map(({ agent, requester, depth }) => [agent, requester, depth])).toEqual([
      ["coder", undefined, 0],
      ["planner", 1, 1],
      ["critic", 2, 2],
      ["critic", 1, 1],
      ["planner", 1, 1],
    ]);
    expect(view.handoffs.map(({ mode, requester }) => [mode, requester])).toEqual([
      ["single", 1],
      ["single", 2],
      ["parallel", 1],
    ]);
    expect(await target.files(view.executionId)).toEqual([
      "PLAN.md",
      "src/command.ts",
      "src/tasks.ts",
      "test/command.test.ts",
      "test/tasks.test.ts",
    ]);
    expect(await testRuns(view.executionId, 1)).toEqual([
      "tests: 4 passed, 0 failed",
      "tests: 5 passed, 0 failed",
      "tests: 7 passed, 0 failed",
    ]);
    expect(await target.file(view.executionId, "PLAN.md")).toContain("Checked by the Critic");
  });
});

describe("review", () => {
  test("coder gives the task to the critic, who asks the planner, and the review cites the design", async () => {
    const view = await runExample("review");
    expect(view.status).toBe("SUCCEEDED");
    expect(view.tasks.map(({ agent, status, requester }) => [agent, status, requester])).toEqual([
      ["coder", "SUCCEEDED", undefined],
      ["critic", "SUCCEEDED", 1],
      ["planner", "SUCCEEDED", 2],
    ]);
    expect(view.handoffs.map(({ mode, status }) => [mode, status])).toEqual([
      ["transfer", "JOINED"],
      ["single", "JOINED"],
    ]);
    expect(await target.files(view.executionId)).toEqual(["docs/design.md", "docs/review.md"]);

    const design = (await target.file(view.executionId, "docs/design.md")).split("\n");
    const written = await target.file(view.executionId, "docs/review.md");
    const cited = [...written.matchAll(/`docs\/design\.md:(\d+)`/g)].map(
      ([, line]) => design[Number(line) - 1],
    );
    expect(cited).toHaveLength(6);
    expect(cited[0]).toContain("in the memory of the web process");
    expect(written).toContain("An outbox table");
    expect(view.output).toContain("**Do not go.**");
  });

  test("the design is the caller's, and nobody has changed it", async () => {
    const view = await runExample("review");
    const { files } = (await (await target.fetch(`/executions/${view.executionId}/files`)).json()) as {
      files: { path: string; by: string; version: number }[];
    };
    expect(files).toMatchObject([
      { path: "docs/design.md", by: "caller", version: 1 },
      { path: "docs/review.md", by: "critic", version: 1 },
    ]);
  });
});
