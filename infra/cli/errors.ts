import type { Problem } from "../../functions/shared/contracts/api.ts";

/** What the person at the keyboard can do something about: one sentence, and what to do. Never a stack. */
export class CliError extends Error {
  override readonly name: string = "CliError";
  readonly hint: string | undefined;
  readonly exitCode: number;
  constructor(message: string, options: { hint?: string; exitCode?: number } = {}) {
    super(message);
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The command line itself is wrong, or this machine cannot do what it asks: exit 2. */
export class UsageError extends CliError {
  override readonly name = "UsageError";
  constructor(message: string, hint?: string) {
    super(message, { exitCode: 2, ...(hint === undefined ? {} : { hint }) });
  }
}

/** The API understood and refused; the sentence is its own. */
export class ApiError extends CliError {
  override readonly name = "ApiError";
  readonly problem: Problem;
  /** Seconds to wait before trying again, when the API said so. */
  readonly retryAfterSeconds: number | undefined;
  constructor(problem: Problem, retryAfterSeconds?: number) {
    super(`${problem.detail} (${problem.code})`);
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Nobody answers at that address, or the answer broke off. */
export class UnreachableError extends CliError {
  override readonly name = "UnreachableError";
}
