import { RetryableError } from "../../functions/shared/kernel/errors.ts";
import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimProcess } from "./sim-process.ts";
import type { Trace } from "./trace.ts";
import type { Weather } from "./weather.ts";

export type Service = "store" | "queue" | "blobs" | "model" | "tool";

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

const FREEZE_MS_MAX = 20 * 60_000;
const BURST_MS_MAX = 20_000;

/**
 * Every call of a port is an operation on the simulator's heap. When its time comes, chance decides
 * whether its process dies before or after it, stands still, or is told something else than what
 * happened. A dead process's calls never settle; those on their way may still arrive.
 */
export class PortCalls {
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  readonly #weather: Weather;
  readonly #faults: Faults;
  readonly #trace: Trace;
  /** Per service, until when it answers nobody. */
  readonly #awayUntil = new Map<Service, number>();
  onDeath: (process: SimProcess) => void = () => {};

  constructor(options: {
    scheduler: Scheduler;
    chance: Chance;
    weather: Weather;
    faults: Faults;
    trace: Trace;
  }) {
    this.#scheduler = options.scheduler;
    this.#chance = options.chance;
    this.#weather = options.weather;
    this.#faults = options.faults;
    this.#trace = options.trace;
  }

  call<T>(process: SimProcess, call: PortCall<T>): Promise<T> {
    if (process.isDead) return new Promise(() => {});
    return new Promise<T>((resolve, reject) => {
      if (call.signal?.aborted) return reject(call.signal.reason);
      let isAborted = false;
      call.signal?.addEventListener(
        "abort",
        () => {
          isAborted = true;
          reject(call.signal?.reason);
        },
        { once: true },
      );
      const settle = (outcome: Outcome<T>): void => {
        if (process.isDead || isAborted) return;
        if (outcome.ok) resolve(outcome.value);
        else reject(outcome.error);
      };
      this.#scheduler.after(call.latencyMs, () => {
        // Who gave up waiting does not take the request back.
        this.#arrive(process, call, settle);
      });
    });
  }

  /** Resolves when the process's clock says so; not before it has thawed. */
  sleep(process: SimProcess, ms: number, signal?: AbortSignal): Promise<void> {
    if (process.isDead) return new Promise(() => {});
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const wake = (): void => {
        if (process.isDead) return;
        if (process.isFrozen(this.#scheduler.now)) timer = this.#scheduler.at(process.frozenUntil, wake);
        else resolve();
      };
      let timer = this.#scheduler.after(ms, wake);
      signal?.addEventListener(
        "abort",
        () => {
          this.#scheduler.cancel(timer);
          reject(signal.reason);
        },
        { once: true },
      );
    });
  }

  outage(service: Service, ms: number): void {
    this.#faults.note(`outage of ${service}`);
    this.#trace.note(this.#scheduler.now, "world", `${service} is away for ${ms} ms`);
    this.#awayUntil.set(service, this.#scheduler.now + ms);
  }

  kill(process: SimProcess, why: string): void {
    if (process.isDead || process.hasEnded) return;
    process.isDead = true;
    process.isClean = false;
    this.#trace.note(this.#scheduler.now, process.id, `dies: ${why}`);
    this.onDeath(process);
  }

  #arrive<T>(process: SimProcess, call: PortCall<T>, settle: (outcome: Outcome<T>) => void): void {
    const { now } = this.#scheduler;
    const note = (what: string): void =>
      this.#trace.note(now, process.id, `${call.place} ${call.subject}: ${what}`);
    if (process.isDead) {
      if (call.isRead !== true && this.#chance.hit(0.5)) {
        note("arrives after its sender's death");
        perform(call);
      }
      return;
    }
    if (process.isFrozen(now)) {
      if (this.#chance.hit(0.5)) {
        note("waits with its frozen sender");
        this.#scheduler.at(process.frozenUntil, () => this.#arrive(process, call, settle));
        return;
      }
      const outcome = perform(call);
      note("is done while its sender is frozen");
      this.#later(process.frozenUntil, process, () => settle(outcome));
      return;
    }
    if (this.#isAway(call.service)) {
      note("fails, the service is away");
      process.isClean = false;
      process.hasDoubt = true;
      settle(away(call.service));
      return;
    }
    switch (this.#fate(process, call)) {
      case "well": {
        const outcome = perform(call);
        note(outcome.ok ? textOf(outcome.value) : `rejects: ${String(outcome.error)}`);
        settle(outcome);
        return;
      }
      case "crashBefore":
        this.#faults.noteCrash("before", `${process.name} ${call.place}`);
        note("crash before it");
        this.kill(process, "before a call");
        return;
      case "crashAfter":
        this.#faults.noteCrash("after", `${process.name} ${call.place}`);
        perform(call);
        note("crash after it");
        this.kill(process, "after a call");
        return;
      case "freezeBefore":
        this.#freeze(process);
        note("freeze before it");
        this.#scheduler.at(process.frozenUntil, () => this.#arrive(process, call, settle));
        return;
      case "freezeAfter": {
        const outcome = perform(call);
        this.#freeze(process);
        note("freeze after it");
        this.#later(process.frozenUntil, process, () => settle(outcome));
        return;
      }
      case "failed":
        note("fails without effect");
        settle(away(call.service));
        return;
      case "appliedButFailed":
        perform(call);
        note("is applied but reported failed");
        settle(away(call.service));
        return;
      case "appliedButRefused": {
        const outcome = perform(call);
        note("is applied and retried");
        settle(
          outcome.ok ? { ok: true, value: call.whenRetried?.(outcome.value) ?? outcome.value } : outcome,
        );
        return;
      }
      case "timedOut": {
        if (this.#chance.hit(0.5)) perform(call);
        note("times out");
        this.#later(now + this.#chance.int(1_000, 15_000), process, () => settle(away(call.service)));
      }
    }
  }

  #fate<T>(process: SimProcess, call: PortCall<T>): Fate {
    if (this.#faults.isOver) return "well";
    const drawn = this.#chance.fraction();
    let sum = 0;
    const falls = (rate: number): boolean => {
      sum += rate;
      return drawn < sum;
    };
    const w = this.#weather;
    const spoil = <F extends Fate>(fate: F, kind: string): F => {
      process.isClean = false;
      process.hasDoubt = true;
      this.#faults.note(`${call.service}: ${kind}`);
      return fate;
    };
    if (falls(w.crash / 2)) return "crashBefore";
    if (falls(w.crash / 2)) return "crashAfter";
    if (falls(w.freeze / 2)) return "freezeBefore";
    if (falls(w.freeze / 2)) return "freezeAfter";
    // A model or a tool has failures of its own.
    if (call.service === "model" || call.service === "tool") return "well";
    if (falls(w.failed)) return spoil("failed", "failed");
    if (falls(w.timedOut)) return spoil("timedOut", "timed out");
    if (falls(w.burst)) {
      this.#awayUntil.set(call.service, this.#scheduler.now + this.#chance.int(500, BURST_MS_MAX));
      return spoil("failed", "throttling burst");
    }
    if (call.isRead === true) return "well";
    if (falls(w.appliedButFailed)) return spoil("appliedButFailed", "applied but failed");
    if (call.whenRetried !== undefined && falls(w.appliedButRefused)) {
      return spoil("appliedButRefused", "applied but refused");
    }
    return "well";
  }

  #freeze(process: SimProcess): void {
    process.isClean = false;
    this.#faults.note("freeze");
    process.frozenUntil = this.#scheduler.now + this.#chance.skewed(500, FREEZE_MS_MAX);
  }

  #later(at: number, process: SimProcess, settle: () => void): void {
    const run = (): void => {
      if (process.isFrozen(this.#scheduler.now)) this.#scheduler.at(process.frozenUntil, run);
      else settle();
    };
    this.#scheduler.at(at, run);
  }

  #isAway(service: Service): boolean {
    return !this.#faults.isOver && (this.#awayUntil.get(service) ?? 0) > this.#scheduler.now;
  }
}

type Fate =
  | "well"
  | "crashBefore"
  | "crashAfter"
  | "freezeBefore"
  | "freezeAfter"
  | "failed"
  | "appliedButFailed"
  | "appliedButRefused"
  | "timedOut";

type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

const perform = <T>(call: PortCall<T>): Outcome<T> => {
  try {
    return { ok: true, value: call.effect() };
  } catch (error) {
    return { ok: false, error };
  }
};

const away = (service: Service): { ok: false; error: unknown } => ({
  ok: false,
  error: new RetryableError("Internal", `the ${service} cannot be reached`),
});

const textOf = (value: unknown): string =>
  typeof value === "string" && value.length <= 20 ? value : value === undefined ? "nothing" : "done";
