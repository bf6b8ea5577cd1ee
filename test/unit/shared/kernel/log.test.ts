import { expect, test } from "vitest";
import { createJsonLog } from "../../../../functions/shared/kernel/log.ts";

test("a line is JSON with its level, its message, the context and its fields", () => {
  const lines: string[] = [];
  createJsonLog((line) => lines.push(line), { function: "coordinator" }).warn("slow", { ms: 5 });
  expect(lines).toEqual(['{"level":"warn","message":"slow","function":"coordinator","ms":5}']);
});

test.each([
  ["info", ["info", "warn", "error"], false],
  ["warn", ["warn", "error"], true],
  ["error", ["error"], true],
] as const)(
  "from level %s on, %j are written, and it says whether info is dropped",
  (least, written, drops) => {
    const lines: string[] = [];
    const log = createJsonLog((line) => lines.push(line), {}, least);
    log.info("a");
    log.warn("b");
    log.error("c");
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(written);
    expect(log.dropsInfo).toBe(drops);
  },
);
