import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const tracked = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { encoding: "utf8" })
  .split("\n")
  .filter((path) => path !== "" && existsSync(path));
const sources = tracked.filter((path) => /^(functions|infra)\/.*\.(ts|mjs)$/.test(path));
const linesOf = (path: string): number => readFileSync(path, "utf8").split("\n").length;

test("source files stay short enough to be read at once", () => {
  // Scripts of the model server are texts, not logic.
  const long = sources.filter((path) => !path.includes("/scripts/") && linesOf(path) > 260);
  expect(long.map((path) => `${path}: ${linesOf(path)} lines`)).toEqual([]);
});

test("the median source file is under 100 lines", () => {
  const lengths = sources.map(linesOf).sort((a, b) => a - b);
  expect(lengths[lengths.length >> 1]).toBeLessThan(100);
});

test("an agent's folder holds its spec, its prompt and its handler, and nothing else", () => {
  for (const folder of globSync("functions/agents/*")) {
    expect(
      globSync(`${folder}/*`)
        .map((path) => path.slice(folder.length + 1))
        .sort(),
    ).toEqual(["agent.ts", "handler.ts", "prompt.md"]);
  }
});

test("the lock file records no download addresses", () => {
  expect(readFileSync("package-lock.json", "utf8")).not.toContain('"resolved"');
});

test("functions/shared has folders only", () => {
  expect(globSync("functions/shared/*.*")).toEqual([]);
});
