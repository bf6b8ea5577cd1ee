import type { Context } from "hono";
import { LIMITS } from "../shared/contracts/limits.ts";
import type { ApiPorts } from "../shared/ports/api-ports.ts";
import type { ApiEnv } from "./api-app.ts";

const INTERVAL_MS_MAX = 250;

/** When this request must answer, in ms; tells the caller what was granted of the seconds asked for. */
export const waitDeadline = (c: Context<ApiEnv>, requested: number | undefined, now: number): number => {
  if (requested === undefined) return now;
  const seconds = Math.min(requested, LIMITS.waitSecondsMax);
  c.header("bulkhead-wait", String(seconds));
  return now + seconds * 1000;
};

/**
 * Reads until `isReady` or the deadline, and gives what was read last. The interval is a tenth of
 * the time waited so far, within bounds: short runs are seen to end at once, long ones cost little.
 */
export const readUntil = async <T>(
  { clock, times }: Pick<ApiPorts, "clock" | "times">,
  deadlineAt: number,
  read: () => Promise<T>,
  isReady: (value: T) => boolean,
): Promise<T> => {
  const startedAt = clock.now();
  for (;;) {
    const value = await read();
    const left = deadlineAt - clock.now();
    if (isReady(value) || left <= 0) return value;
    const interval = Math.min(Math.max((clock.now() - startedAt) / 10, times.pollMs), INTERVAL_MS_MAX);
    await clock.sleep(Math.min(interval, left));
  }
};
