import type { Chance } from "./chance.ts";

/** How unkind a world is. Rates are chances per port call, message or model call unless they say otherwise. */
export interface Weather {
  readonly name: "calm" | "normal" | "vicious";
  readonly crash: number;
  readonly freeze: number;
  /** The call fails and had no effect. */
  readonly failed: number;
  readonly appliedButFailed: number;
  /** A conditional write that its own retry refused. */
  readonly appliedButRefused: number;
  readonly timedOut: number;
  /** A burst of throttling of one service begins. */
  readonly burst: number;
  /** A read or write takes seconds instead of milliseconds. */
  readonly slow: number;
  /** A message vanishes, although its sender was told that it was sent. */
  readonly lost: number;
  readonly duplicated: number;
  readonly delayed: number;
  readonly countedWithoutDelivery: number;
  /** A delivered message becomes visible again while its handler still runs. */
  readonly visibleEarly: number;
  readonly deadLettered: number;
  /** The deletion of a handled message does not arrive. */
  readonly deletionLost: number;
  readonly modelFault: number;
  readonly modelOddity: number;
  /** Per world. */
  readonly outages: number;
  readonly deploys: number;
  readonly indexLagMsMax: number;
  /** A process whose clock is off by up to an hour. */
  readonly clockJump: number;
}

export const CALM: Weather = {
  name: "calm",
  crash: 0,
  freeze: 0,
  failed: 0,
  appliedButFailed: 0,
  appliedButRefused: 0,
  timedOut: 0,
  burst: 0,
  slow: 0,
  lost: 0,
  duplicated: 0,
  delayed: 0,
  countedWithoutDelivery: 0,
  visibleEarly: 0,
  deadLettered: 0,
  deletionLost: 0,
  modelFault: 0,
  modelOddity: 0,
  outages: 0,
  deploys: 0,
  indexLagMsMax: 0,
  clockJump: 0,
};

const NORMAL: Weather = {
  name: "normal",
  crash: 0.004,
  freeze: 0.0015,
  failed: 0.004,
  appliedButFailed: 0.003,
  appliedButRefused: 0.002,
  timedOut: 0.001,
  burst: 0.0005,
  slow: 0.01,
  lost: 0.01,
  duplicated: 0.05,
  delayed: 0.05,
  countedWithoutDelivery: 0.02,
  visibleEarly: 0.01,
  deadLettered: 0.003,
  deletionLost: 0.01,
  modelFault: 0.05,
  modelOddity: 0.04,
  outages: 0.3,
  deploys: 0.3,
  indexLagMsMax: 3_000,
  clockJump: 0.0002,
};

const VICIOUS: Weather = {
  name: "vicious",
  crash: 0.02,
  freeze: 0.01,
  failed: 0.015,
  appliedButFailed: 0.015,
  appliedButRefused: 0.01,
  timedOut: 0.005,
  burst: 0.002,
  slow: 0.05,
  lost: 0.08,
  duplicated: 0.2,
  delayed: 0.2,
  countedWithoutDelivery: 0.1,
  visibleEarly: 0.06,
  deadLettered: 0.02,
  deletionLost: 0.05,
  modelFault: 0.2,
  modelOddity: 0.15,
  outages: 0.6,
  deploys: 0.5,
  indexLagMsMax: 30_000,
  clockJump: 0.001,
};

export const drawWeather = (chance: Chance): Weather => {
  const drawn = chance.fraction();
  return drawn < 0.1 ? CALM : drawn < 0.6 ? NORMAL : VICIOUS;
};

/** Which safety nets are off in a world, so that they do not hide what is broken above them. */
export type Ablation =
  | { readonly kind: "none" }
  | { readonly kind: "sweeper" }
  | { readonly kind: "hints" }
  | { readonly kind: "hintsOf"; readonly agent: string };

export const drawAblation = (chance: Chance, agents: readonly string[]): Ablation => {
  if (!chance.hit(0.3)) return { kind: "none" };
  const drawn = chance.fraction();
  if (drawn < 0.6) return { kind: "sweeper" };
  if (drawn < 0.8) return { kind: "hints" };
  return { kind: "hintsOf", agent: chance.pick(agents) ?? "coder" };
};

/** Nobody could be blamed for a run that hangs when both the message and the sweeper are gone. */
export const kindEnoughFor = (weather: Weather, ablation: Ablation): Weather =>
  ablation.kind === "sweeper" ? { ...weather, lost: 0, deadLettered: 0, countedWithoutDelivery: 0 } : weather;
