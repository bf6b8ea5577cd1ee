import { z } from "zod";
import { Program, type ProgramResult } from "../shared/contracts/sandbox.ts";
import { ProgramRunner } from "./program-runner.ts";

const runner = new ProgramRunner();

/** Invoked directly with a Program; answers with a ProgramResult. What is no program is an error of the invocation. */
export const handler = async (event: unknown): Promise<ProgramResult> => {
  const program = Program.safeParse(event);
  if (!program.success) throw new TypeError(`not a program: ${z.prettifyError(program.error).slice(0, 500)}`);
  return await runner.run(program.data);
};
