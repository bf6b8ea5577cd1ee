import type { Program, ProgramResult } from "../contracts/sandbox.ts";

/** Runs code that nobody has to trust: without network, files, clock to wait on or anything of the last program. */
export interface Sandbox {
  /** Rejects only when the sandbox itself gives no answer, or with the signal's reason. */
  run(program: Program, signal: AbortSignal): Promise<ProgramResult>;
}
