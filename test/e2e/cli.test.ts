import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { FileList } from "../../functions/shared/contracts/api.ts";
import { descendantsOf, eventually, isAlive, SpawnedHost } from "../support/spawned-host.ts";

/** A shell without the settings of whoever runs the tests. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(ANTHROPIC|BULKHEAD)_/.test(name)),
);

class Cli {
  readonly process: ChildProcess;
  stdout = "";
  stderr = "";
  readonly exitCode: Promise<number | null>;

  constructor(args: readonly string[], variables: NodeJS.ProcessEnv = {}) {
    this.process = spawn(process.execPath, ["infra/cli/bulkhead.mjs", ...args], {
      env: { ...env, ...variables },
    });
    this.process.stdout?.on("data", (chunk) => {
      this.stdout += chunk;
    });
    this.process.stderr?.on("data", (chunk) => {
      this.stderr += chunk;
    });
    this.exitCode = new Promise((resolve) => this.process.once("close", resolve));
  }

  static async run(...args: string[]): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
    return new Cli(args).end();
  }

  async end(): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
    return { exitCode: await this.exitCode, stdout: this.stdout, stderr: this.stderr };
  }
}

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "data");
};

test("the demo ends 0, and what Coder wrote can be read when it has ended", async () => {
  const data = newFolder();
  // A host of its own, whatever API this shell works with.
  const demo = await new Cli(["demo", "--data", data], { BULKHEAD_API: "http://127.0.0.1:9" }).end();
  expect(demo.exitCode).toBe(0);
  expect(demo.stderr).toContain("answers are scripted");
  expect(demo.stderr).toContain("coder       handoff parallel -> planner, critic");
  expect(demo.stderr).toMatch(/coder {7}turn 1 {2}write_file src\/rate-limiter\.ts, write_file /);
  expect(demo.stderr.match(/turn \d+ {2}edit_file src\/rate-limiter\.ts/g)).toHaveLength(1);
  expect(demo.stdout).toContain("src/rate-limiter.ts");

  const { files } = FileList.parse(JSON.parse((await Cli.run("files", "--data", data, "--json")).stdout));
  expect(files.map(({ path, by }) => [path, by])).toContainEqual(["test/rate-limiter.test.ts", "coder"]);
  const one = await Cli.run("files", "last", "src/rate-limiter.ts", "--data", data);
  expect(one.stdout).toContain("export class RateLimiter");
});

test("whoever looks at a data folder finds its records, whichever store they are in", async () => {
  const data = newFolder();
  const host = await SpawnedHost.start(["--data", data, "--store", "dynalite"], env);
  onTestFinished(async () => void (await host.end("SIGKILL")));
  const id = await Cli.run("run", "[[quick]] x", "--detach", "--api", host.target.url);
  await host.end("SIGTERM");
  expect((await Cli.run("ls", "--data", data)).stdout).toContain(id.stdout.trim());
  expect(await Cli.run("up", "--port", "0", "--data", data, "--store", "sqlite")).toMatchObject({
    exitCode: 2,
    stderr: `bulkhead: data folder ${data} keeps its records in dynalite; leave --store sqlite out, or choose another folder\n`,
  });
});

test("up --verbose shows what each function logs, up only what went wrong", async () => {
  const stderrOf = async (...flags: string[]): Promise<string> => {
    const up = new Cli(["up", "--port", "0", ...flags]);
    onTestFinished(() => void up.process.kill("SIGKILL"));
    await eventually(() => up.stdout.includes("ready "), "the host");
    const url = up.stdout.trim().replace("ready ", "");
    expect((await Cli.run("run", "[[quick]] x", "--api", url)).exitCode).toBe(0);
    up.process.kill("SIGTERM");
    expect(await up.exitCode).toBe(0);
    return up.stderr;
  };
  expect(await stderrOf("--verbose")).toMatch(/^coordinator {2}\{"level":"info","message":"decided"/m);
  expect(await stderrOf()).toMatch(/^answers are scripted[^\n]+\n[^\n]+\n$/);
});

test("looking at a data folder moves nothing on; following does", async () => {
  const data = newFolder();
  const host = await SpawnedHost.start(["--data", data], env);
  onTestFinished(async () => void (await host.end("SIGKILL")));
  const { stdout: id } = await Cli.run(
    "run",
    "[[slow-planner ms=4000]] x",
    "--detach",
    "--api",
    host.target.url,
  );
  await host.end("SIGKILL");

  const numberOfEvents = async (): Promise<number> =>
    JSON.parse((await Cli.run("history", id.trim(), "--data", data, "--json")).stdout).events.length;
  expect(await numberOfEvents()).toBe(await numberOfEvents());
  expect((await Cli.run("ls", "--data", data)).stdout).toContain("RUNNING");
  const followed = await Cli.run("history", id.trim(), "--follow", "--data", data);
  expect(followed.exitCode).toBe(0);
  expect(followed.stdout).toContain("ExecutionSucceeded");
});

test("Ctrl-C during run stops the execution, which is on record as aborted", async () => {
  const data = newFolder();
  const run = new Cli(["run", "x", "--data", data]);
  await eventually(() => run.stderr.includes("asks the model"), "a model call");
  const children = descendantsOf(run.process.pid ?? 0);
  run.process.kill("SIGINT");
  expect(await run.exitCode).toBe(1);
  expect(run.stderr).toContain("execution   aborted: ");
  expect(children.length).toBeGreaterThan(3);
  await eventually(() => !children.some(isAlive), "the end of every child");
  expect((await Cli.run("ls", "--data", data)).stdout).toContain("ABORTED");
});

test("a port that is taken ends up with 2 and one line [bad-input 62]", async () => {
  const host = await SpawnedHost.start([], env);
  onTestFinished(async () => void (await host.end("SIGTERM")));
  const second = await Cli.run("up", "--port", new URL(host.target.url).port);
  expect(second).toMatchObject({ exitCode: 2, stdout: "" });
  expect(second.stderr).toMatch(/^bulkhead: port \d+ is taken; [^\n]+\n$/);
});
