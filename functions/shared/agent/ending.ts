import type { Failure } from "../contracts/failure.ts";
import type { HandoffCall } from "../contracts/handoff.ts";
import { LIMITS } from "../contracts/limits.ts";
import { RetryableError, TerminalError, toFailure } from "../kernel/errors.ts";
import { RetryableModelError } from "../kernel/model-call-error.ts";
import { Interruption } from "./interruption.ts";

/** How one invocation's work on a task ended. */
export type Ending =
  | { readonly kind: "answered"; readonly text: string }
  | { readonly kind: "failed"; readonly failure: Failure }
  | {
      readonly kind: "suspended";
      readonly turn: number;
      readonly calls: readonly HandoffCall[];
      readonly trail: readonly string[];
    }
  /** Not an outcome: another invocation goes on. */
  | { readonly kind: "outOfTime" | "fenced" }
  /** For a budget or a provider: another invocation goes on after so many seconds. */
  | { readonly kind: "waits"; readonly seconds: number };

/**
 * What a thrown error means for the task. `undefined`: nothing. A port could not be reached, and
 * nothing can be written either: the lease runs out, and whoever takes over goes on from what is stored.
 */
export const endingOf = (error: unknown): Ending | undefined => {
  if (error instanceof Interruption) {
    if (error.kind === "fenced") return { kind: "fenced" };
    return {
      kind: "failed",
      failure: { name: "Aborted", message: `stopped: ${error.message}`.slice(0, 1000) },
    };
  }
  if (error instanceof RetryableError && !isOutside(error)) return undefined;
  return { kind: "failed", failure: toFailure(error) };
};

/** A provider or a tool server is away, and not what we write to. */
const isOutside = (error: RetryableError): boolean =>
  error instanceof RetryableModelError || error.failureName === "ToolServerUnavailable";

/** P7 */
export const crashLoop = (): TerminalError =>
  new TerminalError(
    "CrashLoop",
    `the function died ${LIMITS.crashesMax} times in a row without getting on; its log has the reason`,
  );
