import { runWorld, type WorldOutcome } from "./world.ts";

/** The sums of many worlds. */
export interface Catch {
  worlds: number;
  executions: number;
  invocations: number;
  steps: number;
  simulatedMs: number;
  crashes: number;
  readonly weathers: Record<string, number>;
  readonly ablations: Record<string, number>;
  readonly faults: Record<string, number>;
  readonly crashPoints: Record<string, number>;
  /** The first broken promise ends a hunt. */
  failure: WorldOutcome | undefined;
}

export interface HuntOptions {
  readonly firstSeed: number;
  /** Several hunters share the seeds: each takes every `stride`-th. */
  readonly stride: number;
  /** By the clock of `performance.now()`. */
  readonly until: number;
  readonly worldsMax?: number;
}

export const hunt = async ({
  firstSeed,
  stride,
  until,
  worldsMax = Number.POSITIVE_INFINITY,
}: HuntOptions): Promise<Catch> => {
  const caught = nothingCaught();
  for (let seed = firstSeed; caught.worlds < worldsMax && performance.now() < until; seed += stride) {
    const outcome = await runWorld({ seed });
    addOutcome(caught, outcome);
    if (outcome.violation !== undefined) break;
  }
  return caught;
};

export const nothingCaught = (): Catch => ({
  worlds: 0,
  executions: 0,
  invocations: 0,
  steps: 0,
  simulatedMs: 0,
  crashes: 0,
  weathers: {},
  ablations: {},
  faults: {},
  crashPoints: {},
  failure: undefined,
});

export const sumOf = (catches: readonly Catch[]): Catch => {
  const sum = nothingCaught();
  for (const caught of catches) {
    sum.worlds += caught.worlds;
    sum.executions += caught.executions;
    sum.invocations += caught.invocations;
    sum.steps += caught.steps;
    sum.simulatedMs += caught.simulatedMs;
    sum.crashes += caught.crashes;
    for (const name of ["weathers", "ablations", "faults", "crashPoints"] as const) {
      for (const [key, count] of Object.entries(caught[name])) add(sum[name], key, count);
    }
    sum.failure ??= caught.failure;
  }
  return sum;
};

const addOutcome = (caught: Catch, outcome: WorldOutcome): void => {
  caught.worlds += 1;
  caught.executions += outcome.executions;
  caught.invocations += outcome.invocations;
  caught.steps += outcome.steps;
  caught.simulatedMs += outcome.simulatedMs;
  add(caught.weathers, outcome.weather, 1);
  add(caught.ablations, outcome.ablation, 1);
  for (const [kind, count] of outcome.faults) {
    add(caught.faults, kind, count);
    if (kind.startsWith("crash")) caught.crashes += count;
  }
  for (const [place, count] of outcome.crashPoints) add(caught.crashPoints, place, count);
  if (outcome.violation !== undefined) caught.failure = outcome;
};

const add = (counts: Record<string, number>, key: string, count: number): void => {
  counts[key] = (counts[key] ?? 0) + count;
};
