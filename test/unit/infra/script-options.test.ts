import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const start = (...args: readonly string[]) => spawnSync(process.execPath, args, { encoding: "utf8" });
const SCRIPT = "test/mutation/run.ts";
const USAGE = "usage: npm run mutation -- [PART [FOLDER]]\n";

test.for([
  [["core", "--keep"], "Unknown option '--keep'"],
  [["nothing"], 'there is no part "nothing"; there are core, outbox, claim, permit, paths and schemas'],
] as const)("a script that is given %j ends with 2, the mistake and the usage", ([args, problem]) => {
  expect(start(SCRIPT, ...args)).toMatchObject({ status: 2, stdout: "", stderr: `${problem}\n${USAGE}` });
});

test("a number that is none is a mistake too", () => {
  const { status, stderr } = start("infra/local/model-server/main.ts", "--port", "http");
  expect(status).toBe(2);
  expect(stderr).toMatch(/^--port takes a whole number, not "http"\nusage: node infra\/local/);
});

test("--help is the usage, and nothing else happens", () => {
  expect(start(SCRIPT, "--help")).toMatchObject({ status: 0, stdout: USAGE, stderr: "" });
});

const OTHERWISE = [
  "bench/adapter-cost.ts", // the kind of emulator that it forks itself for
  "infra/cli/command-line.ts",
  "infra/cli/main.ts",
  "infra/script-options.ts",
  "test/conformance/host/run-host.ts", // started by a test
  "test/deployed/e2e.ts", // all of it is vitest's
];

test("no other script reads its command line in another way", () => {
  const files = globSync("{infra,test,bench}/**/*.ts", { exclude: ["**/node_modules/**"] });
  const others = files.filter((file) => {
    const code = readFileSync(file, "utf8").replaceAll(/"[^"\n]*"/g, "");
    return /\b(parseArgs\(|process\.argv\b)/.test(code);
  });
  expect(others.filter((file) => !OTHERWISE.includes(file))).toEqual([]);
});
