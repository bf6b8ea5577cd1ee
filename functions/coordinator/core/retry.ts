import type { Failure } from "../../shared/contracts/failure.ts";
import { LIMITS } from "../../shared/contracts/limits.ts";
import type { Retrier, RetryPolicy } from "../../shared/contracts/retry-policy.ts";
import { ceiling, floor, greater, lesser } from "./numbers.ts";

/** Step Functions' word for "whatever it is called". */
const ANY_FAILURE = "States.ALL";

/**
 * How long to wait before the attempt that follows a failed one, in whole seconds; `undefined`
 * when the failure is final. `attempt` is the one that failed. As in Step Functions the first
 * retrier that names the failure decides; unlike there, all earlier attempts count against its
 * `maxAttempts`, whatever they failed of, so that no task alternates between two failures for ever.
 */
export const retryDelay = (
  policy: RetryPolicy,
  failure: Failure,
  attempt: number,
  taskId: string,
): number | undefined => {
  const retrier = policy.find(({ errorEquals }) =>
    errorEquals.some((name) => name === failure.name || name === ANY_FAILURE),
  );
  if (retrier === undefined || attempt > retrier.maxAttempts || attempt >= LIMITS.attemptsMax) {
    return undefined;
  }
  const backOff = backOffSeconds(retrier, attempt, fractionOf(`${taskId}#${attempt}`));
  return lesser(greater(backOff, ceiling(failure.retryAfterSeconds ?? 0)), LIMITS.delaySecondsMax);
};

const backOffSeconds = (retrier: Retrier, attempt: number, fraction: number): number => {
  const grown = retrier.intervalSeconds * retrier.backoffRate ** (attempt - 1);
  const delay = lesser(grown, retrier.maxDelaySeconds);
  return floor((retrier.jitterStrategy === "FULL" ? delay * fraction : delay) + 0.5);
};

/**
 * Chance without chance: the same task and attempt always wait equally long, so that deciding again
 * decides the same; tasks that failed together still come back apart. In [0, 1).
 */
const fractionOf = (seed: string): number => {
  const modulus = 2_147_483_647;
  let mixed = 1;
  for (const character of `${seed}...`) {
    mixed = (mixed * 48_271 + (character.codePointAt(0) ?? 0)) % modulus;
  }
  return mixed / modulus;
};
