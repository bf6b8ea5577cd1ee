import { z } from "zod";
import { LIMITS } from "../../contracts/limits.ts";
import { type Program, type ProgramResult, RUN_CODE } from "../../contracts/sandbox.ts";
import { collectProgram } from "../collect-program.ts";
import { defineTool, ToolRefusal } from "../tool.ts";
import { workspacePath } from "../workspace-path.ts";

/** Where `code` is as if it were a file of; no path that a workspace can have. */
const SNIPPET = "<code>";

/** Nothing outside the sandbox can tell that a program ran: repeating it is free. */
export const runCode = defineTool({
  name: RUN_CODE,
  description: `Runs a JavaScript or TypeScript module in a sandbox: a file of the shared workspace by path, or code that you give. Imports of other workspace files by relative paths work, TypeScript's types are erased, top-level await works. Shows what it printed by console, its default export, or the error with file and line. For tests there are test, describe and expect as in vitest (global, or by importing "vitest" or "node:test"), and "node:assert"; they run at once, and the result says which failed. There is no Node, no network, no file system, no process and no other package. Timers do not wait: when nothing else is left to do, the clock jumps to the next one. Limits: ${LIMITS.codeMsMax / 1000} s, ${LIMITS.codeMemoryBytesMax / 1024 / 1024} MiB of memory, ${LIMITS.codeOutputBytesMax / 1024} KiB of output.`,
  input: z.strictObject({
    path: z.string().optional().describe('The file to run, such as "test/main.test.ts".'),
    code: z
      .string()
      .optional()
      .describe("Or a module's text; its imports are relative to the workspace's root."),
  }),
  effect: "readOnly",
  reaches: ["untrusted", "private"],
  run: async ({ path, code }, { workspace, sandbox, signal }) => {
    if ((path === undefined) === (code === undefined)) {
      throw new ToolRefusal("INVALID_INPUT", "give either path or code");
    }
    if (sandbox === undefined) {
      throw new ToolRefusal("SANDBOX_UNAVAILABLE", "no sandbox is deployed here; go on without running code");
    }
    const entry = path === undefined ? SNIPPET : workspacePath(path);
    const program: Program = await collectProgram(workspace, entry, code);
    return shown(await sandbox.run(program, signal));
  },
});

/** The verdict first: what is cut from a long result is its end. */
const shown = ({ outcome, tests, output, isOutputCut }: ProgramResult): string => {
  const sections = [
    outcome.status === "failed" ? `${outcome.code}: ${outcome.message}` : "ran to its end",
    ...(tests === undefined ? [] : [`tests: ${tests.passed} passed, ${tests.failed} failed`]),
    ...(outcome.status === "failed" || outcome.value === undefined
      ? []
      : [`default export: ${outcome.value}`]),
    output === "" ? "it printed nothing" : `${isOutputCut ? CUT_OUTPUT : "output:"}\n${output.trimEnd()}`,
  ];
  return sections.join("\n");
};

const CUT_OUTPUT = `output, cut at ${LIMITS.codeOutputBytesMax} bytes (print less):`;
