import type { AgentSpec } from "../../functions/shared/agent/agent-spec.ts";
import {
  AWS_TIMES,
  LOCAL_TIMES,
  type ProtocolTimes,
} from "../../functions/shared/contracts/protocol-times.ts";
import type { AccountLimits } from "../../functions/shared/contracts/provider-account.ts";
import { Chance } from "./chance.ts";
import { drawDamage } from "./damage.ts";
import { FaultBook } from "./fault-book.ts";
import { invariantsOf } from "./invariants/all.ts";
import { isOldSeed } from "./old-seeds.ts";
import { hasPeople, People } from "./people.ts";
import { PlanBook } from "./plan.ts";
import { Platform } from "./platform.ts";
import { PortCalls } from "./port-calls.ts";
import { Scheduler } from "./scheduler.ts";
import { SimBlobs } from "./sim-blobs.ts";
import { SimModel } from "./sim-model.ts";
import { EVENTS, SimQueues } from "./sim-queues.ts";
import { SimStore } from "./sim-store.ts";
import { AGENTS } from "./team.ts";
import { Trace } from "./trace.ts";
import { Users, type Wish } from "./users.ts";
import type { Violation } from "./violation.ts";
import { watchAll } from "./watch.ts";
import { type Ablation, CALM, drawAblation, drawWeather, kindEnoughFor, type Weather } from "./weather.ts";

export interface WorldOptions {
  readonly seed: number;
  /** Every line, as it happens. */
  readonly print?: (line: string) => void;
}

export interface WorldOutcome {
  readonly seed: number;
  readonly weather: Weather["name"];
  readonly ablation: Ablation["kind"];
  readonly violation: Violation | undefined;
  readonly executions: number;
  readonly invocations: number;
  readonly steps: number;
  readonly simulatedMs: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly crashPoints: ReadonlyMap<string, number>;
  readonly traceHash: string;
  readonly lastLines: readonly string[];
}

const BEGIN = 1_700_000_000_000;
const STEPS_MAX = 250_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What chance decides about a world before anything happens in it. */
export interface Scene {
  readonly times: ProtocolTimes;
  readonly weather: Weather;
  readonly ablation: Ablation;
  readonly isLocal: boolean;
  readonly faultsEndAt: number;
  /** Whatever began must be over by then, without a deadline's help. */
  readonly settledBy: number;
  readonly skewMsMax: number;
  /** What some agents may spend in one execution, however much the execution may. */
  readonly agentLimits: Readonly<Record<string, AgentSpec["limits"]>>;
  /** What the provider gives all agents together in a minute. */
  readonly accountLimits: AccountLimits;
  /** A conversation that is longer is begun anew, with notes of it. */
  readonly contextTokens: number;
}

/** Runs the world of one seed to its end, or to its first broken promise. */
export const runWorld = async ({ seed, print }: WorldOptions): Promise<WorldOutcome> => {
  const chance = new Chance(seed);
  const scene: Scene = {
    ...drawScene(chance),
    accountLimits: drawAccountLimits(seed),
    contextTokens: drawContextTokens(seed),
  };
  const { weather, ablation, times } = scene;
  const scheduler = new Scheduler(BEGIN);
  const faults = new FaultBook();
  const trace = new Trace(BEGIN, print);
  let violation: Violation | undefined;
  // A stream of its own: a world without people draws what it always drew.
  const ofPeople = new Chance(seed ^ 0x0ff1ce);
  const people = hasPeople(seed, ofPeople)
    ? new People({ chance: ofPeople, scheduler, trace, isLocal: scene.isLocal })
    : undefined;
  const plans = new PlanBook(chance, {
    agents: AGENTS,
    hasDeadlines: ablation.kind === "none",
    isOdd: weather !== CALM,
    people: people === undefined ? undefined : ofPeople,
    isOld: isOldSeed(seed),
  });
  const calls = new PortCalls({ scheduler, chance, weather, faults, trace });
  // The eyes look at the store, and the store tells the eyes.
  const eyes = invariantsOf({ scheduler, scene, plans });
  const onViolation = (broken: Violation): void => {
    violation ??= broken;
  };
  const watch = watchAll([...eyes.watches, ...(people === undefined ? [] : [people])], onViolation);
  const store = new SimStore({ scheduler, chance, weather, faults, calls, watch });
  const blobs = new SimBlobs(calls, chance);
  const queues = new SimQueues({
    queues: [
      { name: EVENTS, visibilityMs: 180_000, maxReceiveCount: 20, batchMax: 10 },
      ...AGENTS.map((name) => ({
        name,
        visibilityMs: scene.isLocal ? 60_000 : 960_000,
        maxReceiveCount: 250,
        batchMax: 1,
      })),
    ],
    scheduler,
    chance,
    weather,
    ablation,
    faults,
    calls,
    watch,
    trace,
  });
  const latencyMsMax = scene.isLocal ? 2_000 : chance.hit(0.15) ? 250_000 : 60_000;
  const { contextTokens } = scene;
  const model = new SimModel({
    ...{ scheduler, chance, weather, faults, calls, watch, plans },
    ...{ latencyMsMax, contextTokens },
  });
  const platform = new Platform(
    { scheduler, chance, calls, store, queues, watch, times, blobs, model, faults, trace, weather },
    {
      agentTimeoutMs: chance.hit(0.7) ? 900_000 : chance.hit(0.5) ? 400_000 : 120_000,
      coordinatorTimeoutMs: 30_000,
      concurrency: 10,
      skewMsMax: scene.skewMsMax,
      hasSweeper: ablation.kind !== "sweeper",
      hasPeople: people !== undefined,
      agentLimits: scene.agentLimits,
      accountLimits: scene.accountLimits,
    },
  );
  people?.open(platform, { isDamaged: eyes.isGarbage, onViolation });
  const users = new Users({ platform, scheduler, chance, trace }, drawWishes(chance, { scene, plans, seed }));
  eyes.open({ store, queues, users });
  if (weather !== CALM) {
    drawOutages(chance, scene, calls, scheduler);
    // A person without whom nothing happens finds damage, but cannot report it: a sweeper does.
    const isNoticed = people === undefined || ablation.kind !== "sweeper";
    drawDamage({ chance, scene, scheduler, store, faults, isNoticed, note: eyes.noteDamage });
    if (chance.hit(weather.deploys)) {
      scheduler.at(BEGIN + chance.int(0, scene.faultsEndAt - BEGIN), () => platform.deploy());
    }
  }
  scheduler.at(scene.faultsEndAt, () => faults.end());

  const isAtRest = (): boolean =>
    users.areDone &&
    people?.areDone !== false &&
    platform.isIdle &&
    !queues.hasWaiting() &&
    !store.isAnythingOpen();
  const end = await scheduler.run(
    () => violation !== undefined || scheduler.now > scene.settledBy || isAtRest(),
    STEPS_MAX,
  );
  if (violation === undefined) eyes.judgeEnd(end, watch, onViolation);
  return {
    seed,
    weather: weather.name,
    ablation: ablation.kind,
    violation,
    executions: eyes.executions(),
    invocations: platform.invocations,
    steps: scheduler.steps,
    simulatedMs: scheduler.now - BEGIN,
    faults: faults.counts,
    crashPoints: faults.crashPoints,
    traceHash: trace.hash(),
    lastLines: trace.last(),
  };
};

const drawScene = (chance: Chance): Omit<Scene, "accountLimits" | "contextTokens"> => {
  const drawn = drawWeather(chance);
  const ablation = drawn === CALM ? ({ kind: "none" } as const) : drawAblation(chance, AGENTS);
  const weather = kindEnoughFor(drawn, ablation);
  const isLocal = chance.hit(0.3);
  const faultyMs = weather === CALM ? 0 : isLocal ? chance.int(1, 6) * MINUTE : chance.int(10, 45) * MINUTE;
  const patience =
    (isLocal ? 1.5 : 4) * HOUR * (ablation.kind === "hints" || ablation.kind === "hintsOf" ? 4 : 1);
  const jump = weather.clockJump > 0 ? 3 * HOUR : 0;
  return {
    times: isLocal ? LOCAL_TIMES : AWS_TIMES,
    weather,
    ablation,
    isLocal,
    faultsEndAt: BEGIN + faultyMs,
    settledBy: BEGIN + faultyMs + patience + jump,
    // One machine has one clock.
    skewMsMax: isLocal || weather === CALM ? 0 : 5_000,
    agentLimits: chance.hit(0.15) ? { [chance.pick(AGENTS) ?? "coder"]: drawAgentLimits(chance) } : {},
  };
};

/** Mostly one: executions share nothing but batches of hints, and many small worlds see more than few large ones. */
const EXECUTIONS = [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3] as const;
const EXECUTIONS_BEFORE = [1, 1, 1, 1, 2, 2, 3] as const;

const drawAgentLimits = (chance: Chance): AgentSpec["limits"] =>
  chance.hit(0.5) ? { tokens: chance.int(2_500, 20_000) } : { calls: chance.int(1, 6) };

/** From a stream of its own: a world without them draws what it always drew. */
const drawAccountLimits = (seed: number): AccountLimits => {
  const chance = new Chance(seed ^ 0xacc0);
  if (isOldSeed(seed) || !chance.hit(0.12)) return {};
  return {
    ...(chance.hit(0.7) ? { requestsPerMinute: chance.int(4, 20) } : {}),
    ...(chance.hit(0.5) ? { tokensPerMinute: chance.int(1_500, 30_000) } : {}),
  };
};

const drawContextTokens = (seed: number): number => {
  const chance = new Chance(seed ^ 0xc0de);
  return !isOldSeed(seed) && chance.hit(0.12) ? chance.int(300, 1_500) : 130_000;
};

const drawWishes = (
  chance: Chance,
  { scene, plans, seed }: { scene: Scene; plans: PlanBook; seed: number },
): Wish[] => {
  const span = Math.max(60_000, (scene.faultsEndAt - BEGIN) / 2);
  return Array.from(
    { length: chance.pick(isOldSeed(seed) ? EXECUTIONS_BEFORE : EXECUTIONS) },
    (_, index) => ({
      plan: plans.drawEntry(),
      key: chance.hit(0.7) ? `key-${index}` : undefined,
      limits: drawLimits(chance, scene),
      submitAt: BEGIN + chance.skewed(0, span),
      submitsTwice: chance.hit(0.15),
      stopAfterMs: chance.hit(0.2) ? chance.skewed(0, 600_000) : undefined,
    }),
  );
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

const drawOutages = (chance: Chance, scene: Scene, calls: PortCalls, scheduler: Scheduler): void => {
  if (!chance.hit(scene.weather.outages)) return;
  const services = chance.hit(0.2)
    ? (["store", "queue", "blobs"] as const)
    : [chance.pick(["store", "queue", "blobs"] as const)];
  const at = BEGIN + chance.int(0, scene.faultsEndAt - BEGIN);
  const ms = chance.skewed(1_000, scene.isLocal ? 2 * MINUTE : 30 * MINUTE);
  scheduler.at(at, () => {
    for (const service of services) calls.outage(service, ms);
  });
};
