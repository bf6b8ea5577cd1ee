import { afterAll, beforeAll, expect, test } from "vitest";
import { openTarget } from "../support/open-target.ts";
import { PATIENCE, type Target } from "../support/target.ts";

let target: Target;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ target, close } = await openTarget());
});
afterAll(() => close());

test("a task that outgrows its conversation goes on from its notes, and reads a large result by its lines", async () => {
  const limits = { tokens: 3_000_000, usd: 20 };
  const view = await target.run("[[long-task]] Read everything", { limits }, 40_000 * PATIENCE);
  expect(view).toMatchObject({ status: "SUCCEEDED" });
  const task = await target.task(view.executionId, 1);

  const isNotes = task.turnList.map((turn) => turn.isNotes === true);
  expect(isNotes.filter(Boolean)).toHaveLength(1);
  // The notes are followed by one more look and the answer, told from a prompt that is short again.
  expect(isNotes.lastIndexOf(true)).toBe(task.turnList.length - 3);
  const prompts = task.turnList.map(
    ({ usage }) => usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens,
  );
  expect(Math.max(...prompts)).toBeGreaterThan(100_000);
  expect(prompts.at(-1)).toBeLessThan(10_000);

  const [, stored = ""] = /The result in (tool-results\/1\.2\.3-\S+) says/.exec(view.output ?? "") ?? [];
  expect(view.output).toContain("lines 301 to 302 of 501");
  expect(view.output).toMatch(/After them: read_file \(ok\): \[data\/d\.txt, .*, line 500 of 500\]/);
  expect(await target.file(view.executionId, stored)).toMatch(/^\[data\/d\.txt, .*, whole\]\nd, line 1\./);
});
