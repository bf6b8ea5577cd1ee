import { afterAll } from "vitest";
import { ProgramRunner } from "../../../functions/sandbox/program-runner.ts";
import type { ProgramResult } from "../../../functions/shared/contracts/sandbox.ts";

/** A runner for one test file; programs may run for `limitMs`. */
export const openRunner = (limitMs: number) => {
  const runner = new ProgramRunner({ limitMs });
  afterAll(() => runner.close());
  /** Runs `src/main.ts`, with more files beside it by path. */
  return (text: string, files: Readonly<Record<string, string>> = {}): Promise<ProgramResult> =>
    runner.run({
      entry: "src/main.ts",
      files: Object.entries({ ...files, "src/main.ts": text }).map(([path, one]) => ({ path, text: one })),
    });
};

/** What a program that has to return returned. */
export const returnOf = ({ outcome, output }: ProgramResult): string | undefined => {
  if (outcome.status === "failed") throw new Error(`${outcome.code}: ${outcome.message}\n${output}`);
  return outcome.value;
};

/** `CODE_…: message` of a program that has to fail. */
export const failureOf = ({ outcome, output }: ProgramResult): string => {
  if (outcome.status === "failed") return `${outcome.code}: ${outcome.message}`;
  throw new Error(`returned ${outcome.value}\n${output}`);
};
