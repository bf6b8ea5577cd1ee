import { setTimeout as wait } from "node:timers/promises";
import { StartExecutionAnswer } from "../../functions/shared/contracts/api.ts";
import type { Target } from "../support/target.ts";

/** One of each kind in turn; `run` is in every agent's request, so that the ledger tells them apart. */
const INPUTS = [
  (run: number) => `[[quick run=${run}]] Under fire`,
  (run: number) => `[[nested run=${run}]] Under fire`,
  (run: number) => `[[two-handoffs run=${run}]] Under fire`,
  (run: number) => `[[transfer run=${run}]] Under fire`,
  (run: number) => `[[slow-planner ms=1500 run=${run}]] Under fire`,
  (run: number) => `[[single run=${run}]] Under fire`,
];

const RETRY_MS = 100;
const END_MS_MAX = 120_000;

export interface Load {
  /** The ids of the executions that were accepted, in order. */
  readonly accepted: readonly string[];
  readonly finished: number;
  /** Resolves when all that were accepted have ended; rejects when one does not within two minutes. */
  readonly done: Promise<void>;
}

/**
 * Keeps `inFlight` executions under way until `executions` have been accepted or `isOver` says so. A
 * request that fails is made again with the same idempotency key, by a caller who does not know why.
 */
export const startLoad = (options: {
  readonly target: () => Target;
  readonly executions: number;
  readonly inFlight: number;
  readonly isOver: () => boolean;
}): Load => {
  const accepted: string[] = [];
  let begun = 0;
  const load = { accepted, finished: 0 };
  const caller = async (): Promise<void> => {
    while (begun < options.executions && !options.isOver()) {
      const run = begun++;
      const id = await submit(options.target, run);
      accepted.push(id);
      await untilEnded(options.target, id);
      load.finished += 1;
    }
  };
  const done = Promise.all(Array.from({ length: options.inFlight }, caller)).then(() => {});
  return Object.assign(load, { done });
};

const submit = async (target: () => Target, run: number): Promise<string> => {
  const input = INPUTS[run % INPUTS.length]?.(run) ?? "";
  const end = Date.now() + END_MS_MAX;
  for (;;) {
    try {
      const response = await target().post("/executions", { input }, { "idempotency-key": `chaos-${run}` });
      if (response.status === 202) return StartExecutionAnswer.parse(await response.json()).executionId;
      await response.body?.cancel();
    } catch {
      // The host is down, or a child died with the request.
    }
    if (Date.now() > end) throw new Error(`execution ${run} was not accepted within ${END_MS_MAX} ms`);
    await wait(RETRY_MS);
  }
};

const untilEnded = async (target: () => Target, id: string): Promise<void> => {
  const end = Date.now() + END_MS_MAX;
  for (;;) {
    try {
      const response = await target().fetch(`/executions/${id}?wait=2`);
      const { status } = (await response.json()) as { status?: unknown };
      if (response.status === 200 && status !== "RUNNING") return;
    } catch {
      // As above.
    }
    if (Date.now() > end) throw new Error(`execution ${id} did not end within ${END_MS_MAX} ms`);
    await wait(RETRY_MS);
  }
};
