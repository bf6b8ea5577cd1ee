import { Chance } from "./chance.ts";
import { drawDamage } from "./damage.ts";
import { Faults } from "./faults.ts";
import { invariantsOf } from "./invariants/all.ts";
import { drawOutages, Outages } from "./outages.ts";
import { hasPeople, People } from "./people.ts";
import { PlanBook } from "./plan-book.ts";
import { Platform } from "./platform.ts";
import { PortCalls } from "./port-calls.ts";
import { BEGIN, drawScene, type Scene } from "./scene.ts";
import { Scheduler } from "./scheduler.ts";
import { SimBlobs } from "./sim-blobs.ts";
import { SimModel } from "./sim-model.ts";
import type { QueueSettings } from "./sim-queue.ts";
import { EVENTS, SimQueues } from "./sim-queues.ts";
import { SimStore } from "./sim-store.ts";
import { AGENTS } from "./team.ts";
import { Trace } from "./trace.ts";
import { Users } from "./users.ts";
import type { Violation } from "./violation.ts";
import { watchAll } from "./watch.ts";
import { type Ablation, CALM, type Weather } from "./weather.ts";
import { drawWishes } from "./wishes.ts";

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

const STEPS_MAX = 250_000;

/** Runs the world of one seed to its end, or to its first broken promise. */
export const runWorld = async ({ seed, print }: WorldOptions): Promise<WorldOutcome> => {
  const chance = new Chance(seed);
  const scene = drawScene(chance, seed);
  const { weather, ablation, isLocal, isOld } = scene;
  const scheduler = new Scheduler(BEGIN);
  const faults = new Faults(chance, weather);
  const trace = new Trace(BEGIN, print);
  let violation: Violation | undefined;
  const onViolation = (broken: Violation): void => {
    violation ??= broken;
  };
  // A stream of its own: a world without people draws what it always drew.
  const ofPeople = new Chance(seed ^ 0x0ff1ce);
  const people = hasPeople(seed, ofPeople)
    ? new People({ chance: ofPeople, scheduler, trace, isLocal })
    : undefined;
  const plans = new PlanBook(chance, {
    agents: AGENTS,
    hasDeadlines: ablation.kind === "none",
    isOdd: weather !== CALM,
    people: people === undefined ? undefined : ofPeople,
    isOld,
  });

  // The eyes look at the store, and the store tells the eyes.
  const eyes = invariantsOf({ scheduler, scene, plans });
  const watch = watchAll([...eyes.watches, ...(people === undefined ? [] : [people])], onViolation);
  const outages = new Outages(scheduler, faults);
  const calls = new PortCalls({ scheduler, chance, weather, faults, trace, outages });
  const parts = { scheduler, chance, weather, faults, trace, calls, watch };
  const store = new SimStore(parts);
  const blobs = new SimBlobs(calls, chance);
  const queues = new SimQueues(queuesOf(scene), { ...parts, ablation });
  const model = new SimModel(
    { ...parts, plans },
    { latencyMsMax: scene.modelLatencyMsMax, contextTokens: scene.contextTokens },
  );
  const platform = new Platform(
    { ...parts, store, blobs, queues, model, times: scene.times },
    {
      agentTimeoutMs: scene.agentTimeoutMs,
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
  const users = new Users({ platform, scheduler, chance, trace }, drawWishes(chance, plans, scene));
  eyes.open({ store, queues, users });

  if (weather !== CALM) {
    drawOutages({ chance, scene, scheduler, faults, trace, outages });
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

const queuesOf = ({ isLocal, ablation }: Scene): QueueSettings[] => {
  // Without a sweeper nobody would come for what ends as a dead letter.
  const receivesMax = (count: number): number =>
    ablation.kind === "sweeper" ? Number.POSITIVE_INFINITY : count;
  return [
    { name: EVENTS, visibilityMs: 180_000, maxReceiveCount: receivesMax(20), batchMax: 10 },
    ...AGENTS.map((name) => ({
      name,
      visibilityMs: isLocal ? 60_000 : 960_000,
      maxReceiveCount: receivesMax(250),
      batchMax: 1,
    })),
  ];
};
