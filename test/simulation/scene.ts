import type { AgentSpec } from "../../functions/shared/agent/agent-spec.ts";
import {
  AWS_TIMES,
  LOCAL_TIMES,
  type ProtocolTimes,
} from "../../functions/shared/contracts/protocol-times.ts";
import type { AccountLimits } from "../../functions/shared/contracts/provider-account.ts";
import { Chance } from "./chance.ts";
import { isOldSeed } from "./old-seeds.ts";
import { AGENTS } from "./team.ts";
import { type Ablation, CALM, drawAblation, drawWeather, kindEnoughFor, type Weather } from "./weather.ts";

/** What chance decides about a world before anything happens in it. */
export interface Scene {
  readonly times: ProtocolTimes;
  readonly weather: Weather;
  readonly ablation: Ablation;
  /** The embedded host: one machine, and times that are shorter than those of AWS. */
  readonly isLocal: boolean;
  /** The world of an old seed: what came later is not in it. */
  readonly isOld: boolean;
  readonly faultsEndAt: number;
  /** Whatever began must be over by then, without a deadline's help. */
  readonly settledBy: number;
  readonly skewMsMax: number;
  /** What some agents may spend in one execution, however much the execution may. */
  readonly agentLimits: Readonly<Record<string, AgentSpec["limits"]>>;
  readonly agentTimeoutMs: number;
  readonly modelLatencyMsMax: number;
  /** What the provider gives all agents together in a minute. */
  readonly accountLimits: AccountLimits;
  /** A conversation that is longer is begun anew, with notes of it. */
  readonly contextTokens: number;
}

/** The simulated time at which every world begins. */
export const BEGIN = 1_700_000_000_000;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const drawScene = (chance: Chance, seed: number): Scene => {
  const drawn = drawWeather(chance);
  const ablation = drawn === CALM ? ({ kind: "none" } as const) : drawAblation(chance, AGENTS);
  const weather = kindEnoughFor(drawn, ablation);
  const isCalm = weather === CALM;
  const isLocal = chance.hit(0.3);
  const isOld = isOldSeed(seed);
  const faultyMs = isCalm ? 0 : isLocal ? chance.int(1, 6) * MINUTE : chance.int(10, 45) * MINUTE;
  const faultsEndAt = BEGIN + faultyMs;
  return {
    times: isLocal ? LOCAL_TIMES : AWS_TIMES,
    weather,
    ablation,
    isLocal,
    isOld,
    faultsEndAt,
    settledBy: faultsEndAt + patienceMs({ weather, ablation, isLocal }),
    // One machine has one clock.
    skewMsMax: isLocal || isCalm ? 0 : 5_000,
    agentLimits: chance.hit(0.15) ? { [chance.pick(AGENTS)]: drawAgentLimits(chance) } : {},
    modelLatencyMsMax: isLocal ? 2_000 : chance.hit(0.15) ? 250_000 : 60_000,
    agentTimeoutMs: chance.hit(0.7) ? 900_000 : chance.hit(0.5) ? 400_000 : 120_000,
    // From streams of their own: a world without them draws what it always drew.
    accountLimits: isOld ? {} : drawAccountLimits(new Chance(seed ^ 0xacc0)),
    contextTokens: isOld ? LONG_CONTEXT : drawContextTokens(new Chance(seed ^ 0xc0de)),
  };
};

const patienceMs = ({ weather, ablation, isLocal }: Pick<Scene, "weather" | "ablation" | "isLocal">) => {
  const isLate = ablation.kind === "hints" || ablation.kind === "hintsOf";
  return (isLocal ? 1.5 : 4) * HOUR * (isLate ? 4 : 1) + (weather.clockJump > 0 ? 3 * HOUR : 0);
};

const drawAgentLimits = (chance: Chance): AgentSpec["limits"] =>
  chance.hit(0.5) ? { tokens: chance.int(2_500, 20_000) } : { calls: chance.int(1, 6) };

const drawAccountLimits = (chance: Chance): AccountLimits => {
  if (!chance.hit(0.12)) return {};
  return {
    ...(chance.hit(0.7) ? { requestsPerMinute: chance.int(4, 20) } : {}),
    ...(chance.hit(0.5) ? { tokensPerMinute: chance.int(1_500, 30_000) } : {}),
  };
};

const LONG_CONTEXT = 130_000;

const drawContextTokens = (chance: Chance): number =>
  chance.hit(0.12) ? chance.int(300, 1_500) : LONG_CONTEXT;
