import { z } from "zod";
import { LIMITS } from "../shared/contracts/limits.ts";
import { type CodeFailure, ProgramOutcome, ProgramResult } from "../shared/contracts/sandbox.ts";
import { previewOf } from "../shared/contracts/value.ts";
import { parsedJson } from "../shared/kernel/parsed-json.ts";

/** How a program ended, without what it printed on the way. */
export type ProgramReport = Pick<ProgramResult, "outcome" | "tests">;

const VALUE_BYTES_MAX = 32 * 1024;
const MESSAGE_BYTES_MAX = 8 * 1024;

/**
 * What the guest says at a program's end, checked (J3 of `machine.ts`). `isSpent`: all memory was in use, for
 * want of which a promise may not even be rejected, so that nobody says what was missing.
 */
export const readReport = (json: unknown, isSpent: boolean): ProgramReport => {
  const report = GuestReport.safeParse(parsedJson(String(json)));
  if (!report.success) return failed("CODE_CRASHED", "the program broke what stands around it");
  const { outcome, tests } = report.data;
  const stuck = isSpent ? OUT_OF_MEMORY : STUCK;
  return {
    ...(outcome === undefined ? stuck : clamped(outcome)),
    ...(tests === undefined ? {} : { tests }),
  };
};

const GuestReport = z.object({
  outcome: ProgramOutcome.optional(),
  tests: ProgramResult.shape.tests,
});

const clamped = (outcome: ProgramOutcome): ProgramReport => {
  if (outcome.status === "failed") return failed(outcome.code, outcome.message);
  const { value } = outcome;
  return {
    outcome: value === undefined ? outcome : { ...outcome, value: previewOf(value, VALUE_BYTES_MAX) },
  };
};

/** What came through to the host: errors of the engine, and what the guest could not catch. */
export const reportOfError = (error: unknown): ProgramReport => {
  const { name = "", message = "" } = (error ?? {}) as Partial<Error>;
  if (error instanceof WebAssembly.RuntimeError) {
    return failed("CODE_CRASHED", `the engine gave up: ${message}; look for what uses most memory`);
  }
  if (message.endsWith("out of memory") || error === null) return OUT_OF_MEMORY;
  // The stack of the engine itself: no program can catch it.
  if (error instanceof RangeError)
    return failed("CODE_ERROR", `RangeError: ${message}; something is nested too deeply`);
  return failed("CODE_ERROR", `${name}: ${message}`);
};

/** Node's types have its types only. */
declare const WebAssembly: { readonly RuntimeError: new () => Error };

export const timedOut = (limitMs: number): ProgramReport =>
  failed("CODE_TIMEOUT", `it ran for longer than ${limitMs / 1000} seconds and was ended`);

export const failed = (code: CodeFailure, message: string): ProgramReport => ({
  outcome: { status: "failed", code, message: previewOf(message, MESSAGE_BYTES_MAX) },
});

const OUT_OF_MEMORY = failed(
  "CODE_MEMORY",
  `it needs more than ${LIMITS.codeMemoryBytesMax} bytes of memory`,
);

const STUCK = failed(
  "CODE_STUCK",
  "it waits for a promise that nothing is left to settle: no timer runs, and nothing else is going on",
);
