import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { HandoffInput } from "../../../../functions/shared/agent/handoff-tool.ts";
import { editFile } from "../../../../functions/shared/agent/tools/edit-file.ts";
import { listFiles } from "../../../../functions/shared/agent/tools/list-files.ts";
import { readFile } from "../../../../functions/shared/agent/tools/read-file.ts";
import { searchFiles } from "../../../../functions/shared/agent/tools/search-files.ts";
import { writeFile as writeFileTool } from "../../../../functions/shared/agent/tools/write-file.ts";
import { isToolUse } from "../../../../functions/shared/contracts/model-message.ts";
import { ALL_SCRIPTS } from "../../../../infra/local/model-server/all-scripts.ts";
import type { Script, Turn, TurnContext } from "../../../../infra/local/model-server/script.ts";
import { FIX, REGRESSION_TEST, standard } from "../../../../infra/local/model-server/scripts/standard.ts";
import { createModelServer, type ModelServer } from "../../../../infra/local/model-server/server.ts";
import { ScriptedTeam } from "./scripted-team.ts";

let server: ModelServer;
let team: ScriptedTeam;
beforeAll(async () => {
  server = await createModelServer({ scripts: ALL_SCRIPTS.map(withoutLatency) });
});
afterAll(() => server.stop());
beforeEach(() => {
  server.resetFaults();
  team = new ScriptedTeam(server.url);
});

/** The scripts as they are, but for the waiting. */
const withoutLatency = (script: Script): Script => {
  const hurry = (source: Turn | ((context: TurnContext) => Turn)) =>
    typeof source === "function"
      ? (context: TurnContext): Turn => ({ ...source(context), latencyMs: 0 })
      : { ...source, latencyMs: 0 };
  const agents = Object.entries(script.agents).map(([name, turns]) => [
    name,
    typeof turns === "function" ? hurry(turns) : turns.map(hurry),
  ]);
  return { ...script, agents: Object.fromEntries(agents) };
};

const agentsAsked = (): string[] => team.turns.map(({ agent }) => agent);

test("every script has a name of its own", () => {
  expect(new Set(ALL_SCRIPTS.map(({ name }) => name)).size).toBe(ALL_SCRIPTS.length);
});

describe("standard", () => {
  test("answers any request with the whole flow, and its answer quotes both peers", async () => {
    const { status, answer } = await team.run(
      "coder",
      "Write a token-bucket rate limiter in TypeScript with tests",
    );
    expect(status).toBe("succeeded");
    expect(answer).toContain("> 1. **Starved clients");
    expect(answer).toContain("> ## Rollout in four steps");
    expect(answer).toContain("All changes are in.");
    expect([...team.files.keys()].sort()).toEqual([
      "README.md",
      "docs/rollout.md",
      "src/rate-limiter.ts",
      "test/rate-limiter.test.ts",
    ]);
    expect(agentsAsked().filter((agent) => agent === "coder")).toHaveLength(5);
    expect(agentsAsked().filter((agent) => agent === "planner")).toHaveLength(2);
    expect(agentsAsked().filter((agent) => agent === "critic")).toHaveLength(2);
    expect(team.toolErrors).toEqual([]);
  });

  test("the files work, and the defect that the critic finds is real", { timeout: 20_000 }, async () => {
    await team.run("coder", "Write a rate limiter");
    const mended = new Map(team.files);
    const unmended = new Map(mended).set(
      FIX.path,
      (mended.get(FIX.path) ?? "").replace(FIX.new, () => FIX.old),
    );
    expect(await nodeTest(mended)).toMatch(/pass 7\n.*fail 0/);
    expect(await nodeTest(unmended)).toMatch(/pass 6\n.*fail 1/);
  });

  test("edits replace text that stands in the first version exactly once", () => {
    for (const { path, old } of [FIX, REGRESSION_TEST]) {
      const coder = standard.agents["coder"] as readonly Turn[];
      const written = coder[0]?.calls?.find(({ input }) => input["path"] === path)?.input["content"];
      expect(String(written).split(old)).toHaveLength(2);
    }
  });

  test("is written to be watched: each turn of the coder takes 300 to 900 ms", () => {
    const context = { lastToolResults: [], toolResultsOf: () => [], marker: "" } as unknown as TurnContext;
    for (const source of standard.agents["coder"] as ReadonlyArray<Turn | ((context: TurnContext) => Turn)>) {
      const { latencyMs } = typeof source === "function" ? source(context) : source;
      expect(latencyMs).toBeGreaterThanOrEqual(300);
      expect(latencyMs).toBeLessThanOrEqual(900);
    }
  });
});

test.each([
  ["quick", ["coder", "critic", "planner", "coder"], "planner (succeeded): First build it"],
  ["single", ["coder", "planner", "coder"], "planner (succeeded): Release on Tuesday"],
  ["transfer", ["coder", "planner"], "Migrate in three steps"],
  ["nested", ["coder", "planner", "critic", "planner", "coder"], "an hour of wrong prices"],
  ["two-handoffs", ["coder", "critic", "planner", "coder"], "critic (succeeded): The second step"],
  ["fail-collect", ["coder", "critic", "planner", "coder"], "critic (failed)"],
  ["fail-fast", ["coder", "critic", "planner", "coder"], "critic (failed)"],
  ["quorum", ["coder", "critic", "planner", "coder"], "planner (succeeded): One plan"],
  ["slow-planner", ["coder", "critic", "planner", "coder"], "Good things take time."],
  [
    "researcher-handoff",
    ["coder", "researcher", "coder"],
    "The agent researcher has done its task: Find out what is known.",
  ],
])("%s asks these agents and answers with what they said", async (name, agents, expected) => {
  const { status, answer } = await team.run("coder", `Please. [[${name}]]`);
  expect(status).toBe("succeeded");
  expect(answer).toContain(expected);
  const [first, ...rest] = agentsAsked();
  expect([first, ...rest.slice(0, -1).sort(), rest.at(-1)]).toEqual(
    name === "nested" || name === "transfer"
      ? [agents[0], ...agents.slice(1, -1).sort(), agents.at(-1)]
      : agents,
  );
});

test("quick pads its answers on demand", async () => {
  const { answer } = await team.run("coder", "Please. [[quick bytes=2048]]");
  expect(answer.length).toBeGreaterThan(2 * 2048);
});

test("fan-out-20 gives each branch a task of its own", async () => {
  const { answer } = await team.run("coder", "Please. [[fan-out-20]]");
  expect(answer).toContain("20 of 20 parts are done.");
  expect(answer).toContain("critic has seen part 20.");
});

test.each([
  ["storm", 7],
  ["faults", 3],
  ["more-faults", 3],
])("%s passes after %i failed calls", async (name, retries) => {
  const { status } = await team.run("coder", `Please. [[${name}]]`);
  expect(status).toBe("succeeded");
  expect(team.retries).toBe(retries);
});

test.each([
  ["refused", "refusal"],
  ["truncated", "max_tokens"],
  ["empty", "end_turn"],
])("%s ends with stop reason %s, on every try", async (name, stopReason) => {
  for (let tries = 1; tries <= 3; tries += 1) {
    expect(await team.run("coder", `Please. [[${name}]]`)).toEqual({ status: "failed", answer: stopReason });
  }
});

test.each([
  ["malformed", "write_file (error): input: not JSON"],
  ["unknown-tool", "deploy_to_production (error): UNKNOWN_TOOL"],
  ["many-calls", "16 calls ran, 48 were refused"],
  ["workspace", "INVALID_PATH"],
  ["write-files count=20", "20 written, 0 refused"],
  ["big-answer bytes=700000", "I was shown 700000 characters"],
])("%s tells what its calls were answered with", async (marker, expected) => {
  const { status, answer } = await team.run("coder", `Please. [[${marker}]]`);
  expect(status).toBe("succeeded");
  expect(answer).toContain(expected);
});

test("loop never stops by itself, and asks for the same call each time", async () => {
  const { answer } = await team.run("coder", "Please. [[loop]]");
  expect(answer).toBe("too many turns");
  const calls = team.turns.map(({ turn }) => turn.content.at(-1) as { name?: string; input?: unknown });
  expect(new Set(calls.map(({ name, input }) => JSON.stringify([name, input])))).toHaveLength(1);
});

test("ping-pong goes on until somebody stops it", async () => {
  const { answer } = await team.run("coder", "Please. [[ping-pong]]");
  expect(answer).toContain("DepthExceeded");
  const varied = await team.run("coder", "Please. [[ping-pong vary=yes]]");
  expect(varied.answer).toContain("DepthExceeded");
});

test("bad-handoffs makes each mistake once and reports what every error said", async () => {
  const { answer } = await team.run("coder", "Please. [[bad-handoffs]]");
  expect(answer).toContain("to nobody known: AGENT_NOT_FOUND: plannner");
  expect(answer).toContain("101 branches: FANOUT: 101");
  expect(team.toolErrors).toHaveLength(10);
  expect(agentsAsked().every((agent) => agent === "coder")).toBe(true);
});

test("what scripts ask for is what the agents' own tools take", async () => {
  const tools = [listFiles, readFile, writeFileTool, editFile, searchFiles];
  for (const marker of [
    "standard",
    "two-handoffs",
    "fail-collect",
    "fail-fast",
    "quorum",
    "fan-out-20",
    "transfer",
  ]) {
    await team.run("coder", `Please. [[${marker}]]`);
  }
  const calls = team.turns.flatMap(({ turn }) => turn.content.filter(isToolUse));
  expect(new Set(calls.map(({ name }) => name))).toEqual(
    new Set(["handoff", "write_file", "edit_file", "read_file", "list_files"]),
  );
  for (const { name, input } of calls) {
    const prepared = tools.find((tool) => tool.name === name)?.prepare(input);
    expect(prepared ?? { ok: HandoffInput.safeParse(input).success }).toMatchObject({ ok: true });
  }
});

test("stop-me and slow-planner take long enough to be interrupted", () => {
  const latencyOf = (name: string, agent: string): number | undefined => {
    const turns = ALL_SCRIPTS.find((script) => script.name === name)?.agents[agent] as Array<
      (context: TurnContext) => Turn
    >;
    return turns[0]?.({ settings: {} } as TurnContext).latencyMs;
  };
  expect(latencyOf("stop-me", "coder")).toBe(20_000);
  expect(latencyOf("slow-planner", "planner")).toBe(2_500);
});

const nodeTest = async (files: ReadonlyMap<string, string>): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "standard-script-"));
  try {
    for (const [path, text] of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    const run = promisify(execFile)(process.execPath, ["--test", "--test-reporter=tap"], {
      cwd: folder,
      env: { PATH: process.env["PATH"] },
    });
    const { stdout } = await run.catch((error: { stdout: string }) => error);
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
