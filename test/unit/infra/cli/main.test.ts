import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { FileList, HistoryPage } from "../../../../functions/shared/contracts/api.ts";
import { healthy, problem, startExecutionApi, startFakeApi } from "./fake-api.ts";
import { bulkhead, FakeProcess } from "./fake-process.ts";
import { at, execution, finished, ID, standardEvents, task } from "./standard-execution.ts";

const COMMANDS = ["up", "run", "demo", "ls", "show", "history", "files", "answer", "stop", "agents"];

const limiter = { path: "src/limiter.ts", version: 2, bytes: 1536, by: "coder", at: at(9000) };
const withFiles = {
  [`GET /executions/${ID}/files`]: ({ query }: { query: Readonly<Record<string, string>> }) => ({
    body:
      query["path"] === undefined
        ? FileList.parse({ files: [limiter] })
        : { ...limiter, content: "export const limit = 1;\n" },
  }),
};

test("without a command, or with --help, the overall help names every command", async () => {
  const { exitCode, stdout } = await bulkhead(["--help"]);
  expect(exitCode).toBe(0);
  for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, "m"));
  expect(await bulkhead([])).toMatchObject({ exitCode: 0, stdout });
});

test.for(COMMANDS)("%s --help fits 80 columns and has examples of itself", async (name) => {
  const { exitCode, stdout } = await bulkhead([name, "--help"]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain(`Examples:\n  # `);
  expect(stdout).toContain(`  npm run bulkhead -- ${name}`);
  expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
});

test("help COMMAND is COMMAND --help", async () => {
  expect(await bulkhead(["help", "show"])).toEqual(await bulkhead(["show", "--help"]));
});

test.for(["up", "demo"])("%s starts a host of its own and asks no other", async (name) => {
  expect((await bulkhead([name, "--help"])).stdout).not.toMatch(/^ {2}--(api|key) /m);
  expect(await bulkhead([name, "--api", "http://127.0.0.1:9"])).toMatchObject({ exitCode: 2 });
});

test("a flag before the command is told where it belongs", async () => {
  expect(await bulkhead(["--json", "ls"])).toMatchObject({
    exitCode: 2,
    stderr: "bulkhead: the command comes first, then its flags\n  npm run bulkhead -- --help\n",
  });
});

test.for(COMMANDS)("%s --help lets npm say nothing where a program or a file listens", async (name) => {
  const lines = (await bulkhead([name, "--help"])).stdout
    .split("\n")
    .filter((line) => line.includes("npm run"));
  for (const line of lines) expect(line.includes("run -s"), line).toBe(/--json|>/.test(line));
});

test("an unknown command exits 2 with the nearest name", async () => {
  expect(await bulkhead(["shwo", "last"])).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: `bulkhead: there is no command "shwo"; did you mean show?\n  commands: ${COMMANDS.join(", ")}\n`,
  });
});

test("a mistake is one line and a hint, never a stack", async () => {
  for (const args of [
    ["ls", "--limitt", "3"],
    ["up", "--port", "http"],
    ["run"],
    ["ls", "--api", "nonsense"],
    ["show", "last", "two"],
    ["show", "last", "0"],
    ["answer", "last", "1.5"],
  ]) {
    const { exitCode, stderr, stdout } = await bulkhead(args);
    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^bulkhead: [^\n]+\n( {2}[^\n]+\n)?$/);
  }
});

test("without a host and without a data folder, the first thing to do is named", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { exitCode, stderr } = await bulkhead(["ls", "--data", join(folder, "none")]);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^bulkhead: there is no data folder /);
  expect(stderr).toContain("npm run demo");
});

test("ls lists executions, newest first as the API does", async () => {
  const { url } = await startExecutionApi([], finished);
  const { stdout, exitCode } = await bulkhead(["ls", "--api", url]);
  expect(exitCode).toBe(0);
  expect(stdout.split("\n")[0]).toMatch(/^id +status +agent +started +input$/);
  expect(stdout.split("\n")[1]).toMatch(
    new RegExp(`^${ID} +SUCCEEDED +coder +\\d+d ago +Write a rate limiter$`),
  );
});

test("ls passes its filter and its limit on, and refuses a status that does not exist", async () => {
  const { url, received } = await startExecutionApi([], finished);
  await bulkhead(["ls", "--api", url, "--status", "timed_out", "--limit", "5"]);
  expect(received.at(-1)?.query).toEqual({ limit: "5", status: "TIMED_OUT" });
  expect(await bulkhead(["ls", "--api", url, "--status", "runing"])).toMatchObject({
    exitCode: 2,
    stderr: 'bulkhead: there is no status "runing"; did you mean RUNNING?\n',
  });
});

test("ls that finds nothing says so, and prints no table", async () => {
  const { url } = await startExecutionApi([], finished, {
    "GET /executions": () => ({ body: { executions: [] } }),
  });
  const empty = { exitCode: 0, stdout: "" };
  expect(await bulkhead(["ls", "--api", url])).toEqual({ ...empty, stderr: "no executions yet\n" });
  expect(await bulkhead(["ls", "--api", url, "--status", "failed"])).toEqual({
    ...empty,
    stderr: "no executions are FAILED\n",
  });
});

test("ls says how to see more, as long as that is so", async () => {
  const { url } = await startExecutionApi([], finished, {
    "GET /executions": () => ({ body: { executions: [finished], next: "n" } }),
  });
  expect((await bulkhead(["ls", "--api", url])).stderr).toBe("there are older ones: --limit shows more\n");
  expect((await bulkhead(["ls", "--api", url, "--limit", "100"])).stderr).toBe(
    "there are older ones: the API gives them page by page (docs/api.md)\n",
  );
});

test("show prints the tasks as a tree, and the answer", async () => {
  const { url } = await startExecutionApi(standardEvents, finished);
  const { stdout } = await bulkhead(["show", "last", "--api", url]);
  expect(stdout).toContain(`${ID}  SUCCEEDED\n`);
  expect(stdout).toContain("├─ ✔ planner");
  expect(stdout).toContain("1 model call, 16.9k of 200k tokens, $0.0676 of $1.00");
  expect(stdout).toContain("\nanswer\nThe limiter is in src/limiter.ts.\n");
});

test("show prints the whole request, of which the view has only the beginning", async () => {
  const request = `${"word ".repeat(40)}end`;
  const detail = { ...task(1, "coder"), request, requestBytes: 100_000, turnList: [] };
  const { url } = await startExecutionApi([], finished, {
    [`GET /executions/${ID}/tasks/1`]: () => ({ body: detail }),
  });
  const { stdout, stderr } = await bulkhead(["show", "--api", url]);
  expect(stdout).toContain(`\nrequest\n${request}\n`);
  expect(stderr).toBe("only the beginning of the request is shown: it has 97.7 KiB\n");
  const onTerminal = await bulkhead(["show", "--api", url], { terminal: { columns: 60 } });
  expect(stripVTControlCharacters(onTerminal.stdout)).toContain(`\n${"word ".repeat(12).trim()}\nword`);
});

test("show has the request's beginning when the task cannot be shown", async () => {
  const { url } = await startExecutionApi([], finished);
  expect((await bulkhead(["show", "--api", url])).stdout).toContain("\nrequest\nWrite a rate limiter\n");
});

test("show of a failed execution says what failed", async () => {
  const failure = { name: "BudgetExceeded", message: "the budget of $1.00 is used up" };
  const { url } = await startExecutionApi([], execution({ status: "FAILED", failure }));
  expect((await bulkhead(["show", "--api", url])).stdout).toContain(
    "\nfailure\nBudgetExceeded: the budget of $1.00 is used up\n",
  );
});

test("history reads all pages", async () => {
  const { url } = await startExecutionApi(standardEvents, finished);
  const { stdout } = await bulkhead(["history", ID, "--api", url, "--json"]);
  expect(HistoryPage.parse(JSON.parse(stdout)).events).toHaveLength(standardEvents.length);
});

test("history --follow --json is one document per line, and ends with the execution", async () => {
  const { url } = await startExecutionApi(standardEvents, finished);
  const { stdout, exitCode } = await bulkhead(["history", ID, "--follow", "--json", "--api", url]);
  expect(exitCode).toBe(0);
  expect(
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).n),
  ).toEqual(standardEvents.map(({ n }) => n));
});

test("files lists the workspace, and prints one file byte for byte", async () => {
  const { url } = await startExecutionApi([], finished, withFiles);
  expect((await bulkhead(["files", "--api", url])).stdout).toMatch(/1\.5 KiB +2 +coder +src\/limiter\.ts\n$/);
  expect((await bulkhead(["files", "last", "src/limiter.ts", "--api", url])).stdout).toBe(
    "export const limit = 1;\n",
  );
});

test("a file that the API cut is not passed off as the whole", async () => {
  const { url } = await startExecutionApi([], finished, {
    [`GET /executions/${ID}/files`]: () => ({
      body: { ...limiter, bytes: 9_000_000, content: "x", truncated: true },
    }),
  });
  expect(await bulkhead(["files", "last", "big.txt", "--api", url])).toMatchObject({
    exitCode: 1,
    stdout: "x",
  });
});

test("the end of an id is enough, when only one execution's id ends so", async () => {
  const other = { ...finished, executionId: `${ID.slice(0, -1)}H` };
  const { url } = await startFakeApi({
    "GET /health": healthy,
    "GET /executions": () => ({ body: { executions: [finished, other] } }),
    [`GET /executions/${ID}`]: () => ({ body: finished }),
  });
  expect((await bulkhead(["show", "cfg", "--api", url])).stdout).toContain(ID);
  expect((await bulkhead(["show", ID.slice(0, 4), "--api", url])).stderr).toContain(
    "may be any of 2 executions",
  );
  expect((await bulkhead(["show", "zzz", "--api", url])).stderr).toContain('begins or ends with "zzz"');
});

test.for(["show", "stop", "history", "files", "answer"])(
  "%s of an empty id is refused, although every id begins with it",
  async (command) => {
    const { url, received } = await startExecutionApi([], finished);
    expect(await bulkhead([command, "", "--api", url])).toMatchObject({
      exitCode: 2,
      stderr: "bulkhead: ID is empty; leave it out or say last for the newest\n",
    });
    expect(received.some(({ method }) => method === "POST")).toBe(false);
  },
);

test("run starts, follows to the end, and prints nothing but the answer on stdout", async () => {
  const { url, received } = await startExecutionApi(standardEvents, finished);
  const { exitCode, stdout, stderr } = await bulkhead([
    "run",
    "Write it",
    "--agent",
    "critic",
    "--usd",
    "0.5",
    "--deadline",
    "60",
    "--api",
    url,
    "--key",
    "k",
  ]);
  expect(exitCode).toBe(0);
  expect(stdout).toBe("The limiter is in src/limiter.ts.\n");
  expect(stderr).toContain("coder       handoff parallel -> planner, critic\n");
  expect(received.find(({ method }) => method === "POST")).toMatchObject({
    key: "k",
    body: { input: "Write it", agent: "critic", limits: { usd: 0.5, deadlineSeconds: 60 } },
  });
});

test("run --json prints the execution as one document", async () => {
  const { url } = await startExecutionApi(standardEvents, finished);
  const { stdout } = await bulkhead(["run", "Write it", "--json", "--api", url]);
  expect(JSON.parse(stdout)).toEqual(finished);
});

test("run exits 1 when the execution does not succeed, and says why", async () => {
  const failure = { name: "RateLimited", message: "the provider answers 429" };
  const events = [{ n: 1, at: at(0), type: "ExecutionFailed", failure }];
  const { url } = await startExecutionApi(events, execution({ status: "FAILED", failure }));
  const { exitCode, stdout, stderr } = await bulkhead(["run", "x", "--api", url]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  expect(stderr).toContain("\nRateLimited: the provider answers 429\n");
});

test("run takes the text from standard input, and refuses an empty one", async () => {
  const { url, received } = await startExecutionApi(standardEvents, finished);
  await bulkhead(["run", "-", "--api", url], { stdin: "from a file\n" });
  expect(received.find(({ method }) => method === "POST")?.body).toEqual({ input: "from a file\n" });
  expect(await bulkhead(["run", "-", "--api", url])).toMatchObject({ exitCode: 2 });
});

test("run --detach prints the id and does not wait", async () => {
  const { url, received } = await startExecutionApi(standardEvents, finished);
  expect(await bulkhead(["run", "x", "--detach", "--api", url])).toEqual({
    exitCode: 0,
    stdout: `${ID}\n`,
    stderr: "",
  });
  expect(received.some(({ path }) => path.endsWith("/history"))).toBe(false);
});

test("run says plainly when the answers are scripted", async () => {
  const { url } = await startExecutionApi(standardEvents, finished, {
    "GET /health": () => ({ body: { status: "ok", scripted: true } }),
  });
  expect((await bulkhead(["run", "x", "--api", url])).stderr).toContain("answers are scripted");
});

test("what the API refuses is its own sentence", async () => {
  const { url } = await startFakeApi({
    "GET /health": healthy,
    "POST /executions": () =>
      problem(400, "AGENT_NOT_FOUND", "there is no agent codr; agents: coder, critic"),
  });
  expect(await bulkhead(["run", "x", "--agent", "codr", "--api", url])).toMatchObject({
    exitCode: 1,
    stderr: "bulkhead: there is no agent codr; agents: coder, critic (AGENT_NOT_FOUND)\n",
  });
});

/** An execution that goes on until it is told to stop; `onRunning` is called once, when it is under way. */
const startEndlessApi = async (onRunning: () => void) => {
  let isStopped = false;
  let isUnderWay = false;
  const aborted = { n: 1, at: at(0), type: "ExecutionAborted", cause: "stopped by the caller" };
  const { url } = await startExecutionApi([], execution({ status: "ABORTED" }), {
    [`POST /executions/${ID}/stop`]: () => {
      isStopped = true;
      return { status: 202, body: { executionId: ID, status: "RUNNING" } };
    },
    [`GET /executions/${ID}/history`]: () => {
      if (!isUnderWay) onRunning();
      isUnderWay = true;
      return {
        body: isStopped ? { status: "ABORTED", events: [aborted] } : { status: "RUNNING", events: [] },
      };
    },
  });
  return { url, isStopped: () => isStopped };
};

test("the first Ctrl-C stops the execution and waits for its end", async () => {
  const process = new FakeProcess();
  const { url, isStopped } = await startEndlessApi(() => process.interrupt());
  const { exitCode, stderr } = await process.run("run", "x", "--api", url);
  expect(isStopped()).toBe(true);
  expect(process.exitedWith).toBeUndefined();
  expect(exitCode).toBe(1);
  expect(stderr).toContain("execution   aborted: stopped by the caller\n");
});

test("the second Ctrl-C leaves at once [bad-input 65]", async () => {
  const process = new FakeProcess();
  const { url } = await startEndlessApi(() => {
    process.interrupt();
    process.interrupt();
  });
  await process.run("run", "x", "--api", url);
  expect(process.exitedWith).toBe(130);
});

test("stop waits for what it leads to", async () => {
  let asked = 0;
  const { url } = await startExecutionApi([], finished, {
    [`POST /executions/${ID}/stop`]: () => ({ status: 202, body: { executionId: ID, status: "RUNNING" } }),
    [`GET /executions/${ID}`]: () => ({ body: execution({ status: ++asked < 3 ? "RUNNING" : "ABORTED" }) }),
  });
  expect(await bulkhead(["stop", ID, "--api", url])).toMatchObject({
    exitCode: 0,
    stdout: `${ID} ABORTED\n`,
  });
});

test("stop of an execution that has ended is the API's refusal", async () => {
  const { url } = await startExecutionApi([], finished, {
    [`POST /executions/${ID}/stop`]: () => problem(409, "ALREADY_FINISHED", "the execution has SUCCEEDED"),
  });
  expect(await bulkhead(["stop", ID, "--api", url])).toMatchObject({
    exitCode: 1,
    stderr: "bulkhead: the execution has SUCCEEDED (ALREADY_FINISHED)\n",
  });
});

test("agents lists who there is, and says when a price is unknown", async () => {
  const coder = { name: "coder", role: "Code implementation", tools: ["read_file"], handoffs: ["critic"] };
  const { url } = await startFakeApi({
    "GET /health": healthy,
    "GET /agents": () => ({
      body: { agents: [{ ...coder, provider: "compatible", model: "m-1", priced: false }] },
    }),
  });
  expect((await bulkhead(["agents", "--api", url])).stdout).toBe(
    [
      "coder",
      "  role      Code implementation",
      "  model     compatible m-1, price unknown: no dollar budget can be kept",
      "  tools     read_file",
      "  handoffs  critic",
      "",
    ].join("\n"),
  );
});

test("on a terminal no tool of an agent is cut off", async () => {
  const tools = ["list_files", "read_file", "write_file", "edit_file", "search_files"];
  const coder = { name: "coder", role: "Code", tools, handoffs: [], provider: "anthropic", model: "m" };
  const { url } = await startFakeApi({
    "GET /health": healthy,
    "GET /agents": () => ({ body: { agents: [{ ...coder, priced: true }] } }),
  });
  const { stdout } = await bulkhead(["agents", "--api", url], { terminal: { columns: 44 } });
  expect(stripVTControlCharacters(stdout)).toContain(
    "  tools     list_files, read_file,\n            write_file, edit_file,\n            search_files\n",
  );
});

test("on a terminal, a model's escape sequences are gone; in a pipe the answer is as it was", async () => {
  const output = "red \u001b[31malert\u001b[0m";
  const { url } = await startExecutionApi(standardEvents, { ...finished, output });
  const onTerminal = await bulkhead(["run", "x", "--api", url], { terminal: { columns: 80 } });
  expect(onTerminal.stdout).toBe("red alert\n");
  expect((await bulkhead(["run", "x", "--api", url])).stdout).toBe(`${output}\n`);
});

test("BULKHEAD_API and BULKHEAD_KEY stand in for the flags", async () => {
  const { url, received } = await startExecutionApi([], finished);
  await bulkhead(["ls"], { env: { BULKHEAD_API: url, BULKHEAD_KEY: "k-2" } });
  expect(received.at(-1)).toMatchObject({ path: "/executions", key: "k-2" });
});

test("an address that is none is named with where it was given", async () => {
  expect((await bulkhead(["ls", "--api", "nonsense"])).stderr).toMatch(/^bulkhead: --api takes /);
  expect((await bulkhead(["ls"], { env: { BULKHEAD_API: "nonsense" } })).stderr).toMatch(
    /^bulkhead: BULKHEAD_API takes /,
  );
});

test("a data folder that a flag names counts for more than BULKHEAD_API", async () => {
  const { url, received } = await startExecutionApi([], finished);
  const { stderr } = await bulkhead(["ls", "--data", "no-such-folder"], { env: { BULKHEAD_API: url } });
  expect(stderr).toContain("there is no data folder no-such-folder");
  expect(received).toEqual([]);
});

test("an empty BULKHEAD_API is none", async () => {
  const { stderr } = await bulkhead(["ls", "--data", "no-such-folder"], { env: { BULKHEAD_API: " " } });
  expect(stderr).toContain("there is no data folder no-such-folder");
});
