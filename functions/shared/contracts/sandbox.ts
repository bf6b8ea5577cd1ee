import { z } from "zod";
import { LIMITS } from "./limits.ts";
import { utf8Bytes } from "./value.ts";

/** The tool by which an agent asks for it; who lists it may invoke the sandbox. */
export const RUN_CODE = "run_code";

/** What a program may consist of; `.json` files are modules whose default export is their value. */
export const PROGRAM_FILE_ENDINGS = [".ts", ".mts", ".js", ".mjs", ".json"] as const;

/** One file of a program, under its workspace path. */
export const ProgramFile = z.object({ path: z.string().min(1).max(LIMITS.pathBytesMax), text: z.string() });
export type ProgramFile = z.infer<typeof ProgramFile>;

/** What the sandbox is asked to run: `entry` and all that it reaches by relative imports. */
export const Program = z.object({
  entry: z.string().min(1).max(LIMITS.pathBytesMax),
  files: z
    .array(ProgramFile)
    .min(1)
    .max(LIMITS.programFilesMax)
    .refine((files) => programBytes(files) <= LIMITS.programBytesMax, {
      error: `a program may have ${LIMITS.programBytesMax} bytes in all`,
    }),
});
export type Program = z.infer<typeof Program>;

/** Of all files together, as UTF-8. */
export const programBytes = (files: readonly ProgramFile[]): number =>
  files.reduce((sum, { text }) => sum + utf8Bytes(text), 0);

/**
 * Why a program did not come to its end.
 *
 *   CODE_ERROR      it threw, or could not be parsed
 *   CODE_IMPORT     it imports what there is not
 *   CODE_PROCESSES  it asks for processes or threads, of which there are none
 *   CODE_TIMEOUT    it ran for longer than `codeMsMax`
 *   CODE_MEMORY     it asked for more than `codeMemoryBytesMax`
 *   CODE_STUCK      it waits for what nothing is left to bring
 *   CODE_CRASHED    the engine gave up on it; nothing of it is left for the next program
 */
export const CodeFailure = z.enum([
  "CODE_ERROR",
  "CODE_IMPORT",
  "CODE_PROCESSES",
  "CODE_TIMEOUT",
  "CODE_MEMORY",
  "CODE_STUCK",
  "CODE_CRASHED",
]);
export type CodeFailure = z.infer<typeof CodeFailure>;

/** How a program ended. `value`: its default export, as `console.log` would show it. */
export const ProgramOutcome = z.discriminatedUnion("status", [
  z.object({ status: z.literal("returned"), value: z.string().optional() }),
  /** The message holds the places in the files as they were written. */
  z.object({ status: z.literal("failed"), code: CodeFailure, message: z.string() }),
]);
export type ProgramOutcome = z.infer<typeof ProgramOutcome>;

/** A failing program is a result like any other: only a sandbox that cannot answer is an error. */
export const ProgramResult = z.object({
  /** What it printed, the lines of its tests included; at most `codeOutputBytesMax`. */
  output: z.string(),
  isOutputCut: z.boolean(),
  /** Absent when it declared no test. */
  tests: z.object({ passed: z.int().nonnegative(), failed: z.int().nonnegative() }).optional(),
  outcome: ProgramOutcome,
});
export type ProgramResult = z.infer<typeof ProgramResult>;
