import type { Chance } from "./chance.ts";
import type { Plan } from "./plan.ts";
import type { PlanBook } from "./plan-book.ts";
import { BEGIN, type Scene } from "./scene.ts";
import { CALM } from "./weather.ts";

/** What one caller wants of the API. */
export interface Wish {
  readonly plan: Plan;
  readonly key: string | undefined;
  readonly limits: Readonly<Record<string, number>>;
  readonly submitAt: number;
  /** The same request a second time, as impatient clients do. */
  readonly submitsTwice: boolean;
  readonly stopAfterMs: number | undefined;
}

/** Mostly one: executions share nothing but batches of hints, and many small worlds see more than few large ones. */
const EXECUTIONS = [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3] as const;
const EXECUTIONS_BEFORE = [1, 1, 1, 1, 2, 2, 3] as const;

/** In the first half of the time in which faults happen. */
export const drawWishes = (chance: Chance, plans: PlanBook, scene: Scene): Wish[] => {
  const span = Math.max(60_000, (scene.faultsEndAt - BEGIN) / 2);
  const count = chance.pick(scene.isOld ? EXECUTIONS_BEFORE : EXECUTIONS);
  return Array.from({ length: count }, (_, index) => ({
    plan: plans.drawEntry(),
    key: chance.hit(0.7) ? `key-${index}` : undefined,
    limits: drawLimits(chance, scene),
    submitAt: BEGIN + chance.skewed(0, span),
    submitsTwice: chance.hit(0.15),
    stopAfterMs: chance.hit(0.2) ? chance.skewed(0, 600_000) : undefined,
  }));
};

const drawLimits = (chance: Chance, { ablation, weather }: Scene): Record<string, number> => {
  const mayTimeOut = ablation.kind === "none" && weather !== CALM;
  const isTight = chance.hit(0.2);
  return {
    tokens: isTight ? chance.int(3_000, 40_000) : 10_000_000,
    calls: chance.hit(0.05) ? chance.int(2, 20) : 5_000,
    usd: chance.hit(0.05) ? chance.int(3_000, 40_000) / 1e6 : 100,
    deadlineSeconds: mayTimeOut && chance.hit(0.15) ? chance.int(20, 1_500) : 3 * 86_400,
    ...(chance.hit(0.1) ? { depth: chance.int(0, 3) } : {}),
    ...(chance.hit(0.05) ? { events: chance.int(10, 60) } : {}),
  };
};
