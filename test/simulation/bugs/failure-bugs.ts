import { inAgent, inCoordinator, inFunctions, type PlantedBug } from "./planted-bug.ts";

/** What ends after how many attempts or throws, and what it says then. */
export const FAILURE_BUGS: readonly PlantedBug[] = [
  inCoordinator(
    "an execution that makes its handler throw is never given up",
    "P16",
    "fail-execution.ts",
    "if (throws >= LIMITS.handlerThrowsMax) return true;",
    "if (throws >= Number.MAX_SAFE_INTEGER) return true;",
  ),
  inCoordinator(
    "a state that cannot be read is left alone",
    "P16",
    "reconcile.ts",
    "      await failExecution(ports, executionId, UNREADABLE);",
    "",
  ),
  inCoordinator(
    "attempts have no end",
    "limits",
    "core/retry.ts",
    "if (retrier === undefined || attempt > retrier.maxAttempts || attempt >= LIMITS.attemptsMax) {",
    "if (retrier === undefined) {",
  ),
  inCoordinator(
    "retry-after is ignored",
    "limits",
    "core/retry.ts",
    "greater(backOff, ceiling(failure.retryAfterSeconds ?? 0))",
    "greater(backOff, 0)",
  ),
  inAgent(
    "a failed attempt logs what was thrown",
    "secrets",
    "standalone-agent.ts",
    "      code: nameOf(error),\n",
    "      code: String(error),\n",
  ),
  inFunctions(
    "a failure says what was thrown",
    "secrets",
    "shared/kernel/errors.ts",
    "; the function's log has the details` };",
    " ` + String(error) };",
  ),
];
