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
