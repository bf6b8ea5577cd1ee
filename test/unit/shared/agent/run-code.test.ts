import { beforeEach, expect, test } from "vitest";
import { runCode } from "../../../../functions/shared/agent/tools/run-code.ts";
import { Workspace } from "../../../../functions/shared/agent/workspace.ts";
import { LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import type { Program, ProgramResult } from "../../../../functions/shared/contracts/sandbox.ts";
import type { Sandbox } from "../../../../functions/shared/ports/sandbox.ts";
import { ManualClock, MemoryBlobs, MemoryStore } from "../../../support/memory-ports.ts";
import { EXECUTION } from "./agent-world.ts";

const RETURNED: ProgramResult = { output: "", isOutputCut: false, outcome: { status: "returned" } };

let workspace: Workspace;
let programs: Program[];
let result: ProgramResult;

/** Gives what the test wants, and remembers what it was given. */
const sandbox: Sandbox = {
  run: async (program) => {
    programs.push(program);
    return result;
  },
};

beforeEach(() => {
  workspace = new Workspace(
    { store: new MemoryStore(), blobs: new MemoryBlobs(), clock: new ManualClock() },
    { agent: "coder", taskId: `${EXECUTION}.1`, expiresAt: 2_000_000_000 },
  );
  programs = [];
  result = RETURNED;
});

const write = async (files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [path, text] of Object.entries(files)) await workspace.write({ path, text, call: path });
};

const use = async (input: object, ports: { readonly sandbox?: Sandbox } = { sandbox }): Promise<string> => {
  const prepared = runCode.prepare(input);
  if (!prepared.ok) throw new Error(prepared.problem);
  return await prepared.run({ workspace, callId: "call", signal: new AbortController().signal, ...ports });
};

const pathsSent = (): string[] => programs[0]?.files.map(({ path }) => path).sort() ?? [];

test("a file is sent with all that it reaches by relative imports, and nothing else", async () => {
  await write({
    "test/a.test.ts": 'import { a } from "../src/a.ts";\nimport "vitest";\nawait import("./late.js");\n',
    "test/late.ts": "export {};",
    "src/a.ts": 'export * from "./b";\nimport data from "./data.json" with { type: "json" };\n',
    "src/b.ts": 'import { a } from "./a.ts";\n',
    "src/data.json": "{}",
    "src/other.ts": "export {};",
    "README.md": "# no",
  });
  await use({ path: "test/a.test.ts" });
  expect(programs[0]?.entry).toBe("test/a.test.ts");
  expect(pathsSent()).toEqual(["src/a.ts", "src/b.ts", "src/data.json", "test/a.test.ts", "test/late.ts"]);
});

test("code stands at the root of the workspace, under a name that no file can have", async () => {
  await write({ "src/a.ts": "export {};" });
  await use({ code: 'import "./src/a.ts";' });
  expect(programs[0]?.entry).toBe("<code>");
  expect(pathsSent()).toEqual(["<code>", "src/a.ts"]);
});

test.each([
  [{ path: "nope.ts" }, "FILE_NOT_FOUND"],
  [{ path: "README.md" }, "NOT_A_PROGRAM"],
  [{ path: "../x.ts" }, "INVALID_PATH"],
  [{}, "INVALID_INPUT: give either path or code"],
  [{ path: "a.ts", code: "1" }, "INVALID_INPUT"],
  [{ code: "x".repeat(LIMITS.programBytesMax + 1) }, "PROGRAM_TOO_LARGE"],
])("%j is refused as %s, and nothing runs", async (input, refusal) => {
  await write({ "README.md": "# no" });
  await expect(use(input)).rejects.toThrow(refusal);
  expect(programs).toEqual([]);
});

test("files that are too large together are refused before the last of them is sent", async () => {
  await write({
    "a.ts": `import "./b.ts";\n//${"x".repeat(LIMITS.programBytesMax / 2)}`,
    "b.ts": `//${"y".repeat(LIMITS.programBytesMax / 2)}`,
  });
  await expect(use({ path: "a.ts" })).rejects.toThrow("PROGRAM_TOO_LARGE: it reaches 2 files of 262");
});

test("an agent without a sandbox is told to go on without", async () => {
  await expect(use({ code: "1" }, {})).rejects.toThrow("SANDBOX_UNAVAILABLE");
});

test("the verdict comes first, then the tests, the value and the output", async () => {
  result = {
    output: "ok    one\nFAIL  two\n",
    isOutputCut: true,
    tests: { passed: 1, failed: 1 },
    outcome: { status: "returned", value: "42" },
  };
  expect(await use({ code: "1" })).toBe(
    "ran to its end\ntests: 1 passed, 1 failed\ndefault export: 42\noutput, cut at 65536 bytes (print less):\nok    one\nFAIL  two",
  );
  result = { ...RETURNED, outcome: { status: "failed", code: "CODE_TIMEOUT", message: "too long" } };
  expect(await use({ code: "1" })).toBe("CODE_TIMEOUT: too long\nit printed nothing");
});
