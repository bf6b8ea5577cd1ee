import { RetryableError } from "../../functions/shared/kernel/errors.ts";
import { DOUBTS, drawFate, type Fate } from "./call-fate.ts";
import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import type { Outages, Service } from "./outages.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimProcess } from "./sim-process.ts";
import type { Trace } from "./trace.ts";
import type { Weather } from "./weather.ts";

export interface PortCall<T> {
  readonly service: Service;
  /** Such as `update TASK`: crash points are counted by it. */
  readonly place: string;
  /** What it is about, for the trace. */
  readonly subject: string;
  readonly latencyMs: number;
  /** Happens at most once, at one moment. */
  readonly effect: () => T;
  /** What a conditional write returns when its own retry finds it applied; absent for other calls. */
  readonly whenRetried?: (result: T) => T;
  readonly isRead?: boolean;
  readonly signal?: AbortSignal;
}

export interface CallParts {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly weather: Weather;
  readonly faults: Faults;
  readonly trace: Trace;
  readonly outages: Outages;
}

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };

/** Who has sent a call, and how its outcome or its death is told. */
export interface Sender<T> {
  readonly process: SimProcess;
  readonly settle: (outcome: Outcome<T>) => void;
  readonly kill: (why: string) => void;
}

const FREEZE_MS_MAX = 20 * 60_000;
const BURST_MS_MAX = 20_000;

/** A call on its way to its service. Its sender may be dead or frozen when it arrives, or die of it. */
export class SentCall<T> {
  readonly #parts: CallParts;
  readonly #sender: Sender<T>;
  readonly #call: PortCall<T>;

  constructor(parts: CallParts, sender: Sender<T>, call: PortCall<T>) {
    this.#parts = parts;
    this.#sender = sender;
    this.#call = call;
  }

  arrive(): void {
    const { process } = this.#sender;
    if (process.isDead) this.#arriveForTheDead();
    else if (process.isFrozen(this.#parts.scheduler.now)) this.#arriveForTheFrozen();
    else if (this.#parts.outages.isAway(this.#call.service)) this.#arriveAtNobody();
    else this.#meet(this.#drawFate());
  }

  #arriveForTheDead(): void {
    if (this.#call.isRead === true || !this.#parts.chance.hit(0.5)) return;
    this.#note("arrives after its sender's death");
    this.#perform();
  }

  #arriveForTheFrozen(): void {
    if (this.#parts.chance.hit(0.5)) {
      this.#note("waits with its frozen sender");
      this.#arriveAgain();
      return;
    }
    const outcome = this.#perform();
    this.#note("is done while its sender is frozen");
    this.#settleAt(this.#sender.process.frozenUntil, outcome);
  }

  #arriveAtNobody(): void {
    const { process } = this.#sender;
    process.isClean = false;
    process.hasDoubt = true;
    this.#fail("fails, the service is away");
  }

  #drawFate(): Fate {
    const { chance, weather, faults } = this.#parts;
    if (faults.isOver) return "well";
    const { service, isRead = false, whenRetried } = this.#call;
    const fate = drawFate(chance, weather, { service, isRead, isRetried: whenRetried !== undefined });
    const doubt = DOUBTS[fate];
    if (doubt !== undefined) {
      faults.note(`${service}: ${doubt}`);
      this.#sender.process.isClean = false;
      this.#sender.process.hasDoubt = true;
    }
    return fate;
  }

  #meet(fate: Fate): void {
    const { scheduler, chance, faults, outages } = this.#parts;
    const { process, settle, kill } = this.#sender;
    const { service, place, whenRetried } = this.#call;
    switch (fate) {
      case "well": {
        const outcome = this.#perform();
        this.#note(outcome.ok ? textOf(outcome.value) : `rejects: ${String(outcome.error)}`);
        settle(outcome);
        return;
      }
      case "crashBefore":
        faults.noteCrash("before", `${process.name} ${place}`);
        this.#note("crash before it");
        kill("before a call");
        return;
      case "crashAfter":
        faults.noteCrash("after", `${process.name} ${place}`);
        this.#perform();
        this.#note("crash after it");
        kill("after a call");
        return;
      case "freezeBefore":
        this.#freeze();
        this.#note("freeze before it");
        this.#arriveAgain();
        return;
      case "freezeAfter": {
        const outcome = this.#perform();
        this.#freeze();
        this.#note("freeze after it");
        this.#settleAt(process.frozenUntil, outcome);
        return;
      }
      case "failed":
        this.#fail("fails without effect");
        return;
      case "burst":
        outages.begin(service, chance.int(500, BURST_MS_MAX));
        this.#fail("fails without effect");
        return;
      case "timedOut":
        if (chance.hit(0.5)) this.#perform();
        this.#note("times out");
        this.#settleAt(scheduler.now + chance.int(1_000, 15_000), unreachable(service));
        return;
      case "appliedButFailed":
        this.#perform();
        this.#fail("is applied but reported failed");
        return;
      case "appliedButRefused": {
        const outcome = this.#perform();
        this.#note("is applied and retried");
        settle(outcome.ok ? { ok: true, value: whenRetried?.(outcome.value) ?? outcome.value } : outcome);
      }
    }
  }

  #perform(): Outcome<T> {
    try {
      return { ok: true, value: this.#call.effect() };
    } catch (error) {
      return { ok: false, error };
    }
  }

  #fail(how: string): void {
    this.#note(how);
    this.#sender.settle(unreachable(this.#call.service));
  }

  #freeze(): void {
    const { scheduler, chance, faults } = this.#parts;
    const { process } = this.#sender;
    faults.note("freeze");
    process.isClean = false;
    process.frozenUntil = scheduler.now + chance.skewed(500, FREEZE_MS_MAX);
  }

  #arriveAgain(): void {
    this.#parts.scheduler.at(this.#sender.process.frozenUntil, () => this.arrive());
  }

  /** Not before the sender has thawed. */
  #settleAt(time: number, outcome: Outcome<T>): void {
    const { scheduler } = this.#parts;
    const { process, settle } = this.#sender;
    scheduler.at(time, () => {
      if (process.isFrozen(scheduler.now)) this.#settleAt(process.frozenUntil, outcome);
      else settle(outcome);
    });
  }

  #note(what: string): void {
    const { place, subject } = this.#call;
    this.#parts.trace.note(
      this.#parts.scheduler.now,
      this.#sender.process.id,
      `${place} ${subject}: ${what}`,
    );
  }
}

const unreachable = (service: Service): { ok: false; error: unknown } => ({
  ok: false,
  error: new RetryableError("Internal", `the ${service} cannot be reached`),
});

const textOf = (value: unknown): string =>
  typeof value === "string" && value.length <= 20 ? value : value === undefined ? "nothing" : "done";
