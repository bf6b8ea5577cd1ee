import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const LAUNCHER = "infra/cli/bulkhead.mjs";

/** Runs the launcher in a Node that says it is another version. */
const launchedAs = (version: string) =>
  spawnSync(
    process.execPath,
    [
      "--import",
      `data:text/javascript,Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } })`,
      LAUNCHER,
      "--help",
    ],
    { encoding: "utf8" },
  );

test("a Node that is too old ends with 2 and one line that names the version needed [bad-input 63]", {
  timeout: 20_000,
}, () => {
  for (const version of ["18.20.8", "20.20.2", "22.12.0"]) {
    const { status, stdout, stderr } = launchedAs(version);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^bulkhead: Node 24 or newer is needed, this is Node [\d.]+; [^\n]+\n$/);
  }
});

test("a Node that is new enough runs the program", { timeout: 20_000 }, () => {
  const { status, stdout } = launchedAs("26.0.0");
  expect(status).toBe(0);
  expect(stdout).toContain("Usage: npm run bulkhead -- COMMAND");
});

test("the npm scripts go through the launcher", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(scripts).toMatchObject({ bulkhead: `node ${LAUNCHER}`, demo: `node ${LAUNCHER} demo` });
});
