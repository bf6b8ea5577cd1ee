import type { Usage } from "../../functions/shared/contracts/usage.ts";
import { NO_USAGE } from "../../functions/shared/contracts/usage.ts";
import { RetryableModelError, TerminalModelError } from "../../functions/shared/kernel/model-call-error.ts";
import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";

/** Must never be seen in a record, a message or a log. */
export const SECRET = "sk-simulated-secret";

export const OVERLOADED = new RetryableModelError("ModelUnavailable", "529", NO_USAGE);

/** How a call of the provider ends in an error; `paid` is what it costs when the provider bills it all the same. */
export const drawModelError = (chance: Chance, faults: Faults, paid: Usage): Error => {
  const note = (kind: string): void => faults.note(`model: ${kind}`);
  switch (chance.int(0, 9)) {
    case 0:
    case 1: {
      note("429 with retry-after");
      const retryAfterSeconds = chance.hit(0.5) ? chance.int(1, 4) : chance.int(5, 120);
      return new RetryableModelError("RateLimited", "429", NO_USAGE, { retryAfterSeconds });
    }
    case 2:
      note("429");
      return new RetryableModelError("RateLimited", "429", NO_USAGE);
    case 3:
      note("529");
      return OVERLOADED;
    case 4:
      note("500");
      return new RetryableModelError("ModelUnavailable", "500", NO_USAGE);
    case 5:
    case 6:
      note("timeout after billing");
      return new RetryableModelError("ModelUnavailable", "timed out", paid);
    case 7:
      note("cut");
      return new RetryableModelError("ModelUnavailable", "stream cut", paid);
    case 8:
      note("refused key");
      return chance.hit(0.3)
        ? new TerminalModelError("ModelAuthentication", "401", NO_USAGE)
        : new RetryableModelError("ModelUnavailable", "502", NO_USAGE);
    default:
      note("unexpected error");
      return new Error(`bug in the adapter, key ${SECRET}`);
  }
};

/** What the provider bills for a call that ended so. */
export const billedFor = (error: Error): Usage =>
  error instanceof RetryableModelError || error instanceof TerminalModelError ? error.used : NO_USAGE;
