import { Environment, type Surroundings } from "./environment.ts";
import { FunctionError, type FunctionSettings } from "./function-settings.ts";
import type { RuntimeApi } from "./runtime-api.ts";

/**
 * An invocation waits for a busy environment as long as a start has taken lately, and only then is
 * another started: at worst it waits twice as long as with hindsight, and a machine that is busy
 * anyway is not made busier by starts, which cost about 100 ms of CPU each.
 */
const PATIENCE_MS_MIN = 20;
const PATIENCE_MS_MAX = 250;
const IDLE_MS_MAX = 60_000;
const IDLE_CHECK_MS = 5_000;
const EARLY_DEATH_MS = 1_000;

interface Waiting {
  readonly event: string;
  readonly resolve: (response: Buffer) => void;
  readonly reject: (error: FunctionError) => void;
}

export interface FunctionHome extends Surroundings {
  readonly runtimeApiServer: RuntimeApi;
  /** Starts children one after the other when there are no processors for more at once. */
  readonly starts: Turnstile;
}

/**
 * One function: as many execution environments as its concurrent invocations need.
 *
 *   F1. Never more than `environmentsMax` environments, starting ones included.
 *   F2. An invocation that finds no slot waits, first come first served; when it has waited
 *       as long as a start takes, another environment is started, as far as F1 allows.
 *   F3. One environment stays warm; more than that end after a minute without work.
 *   F4. An environment that cannot start fails the invocation that waits longest, so that a broken
 *       bundle shows as an error and not as a wait.
 */
export class ChildFunction {
  readonly settings: FunctionSettings;
  readonly #home: FunctionHome;
  /** Those that have been ready; the first is preferred. */
  readonly #environments: Environment[] = [];
  /** All that live, starting and retired ones included. */
  readonly #alive = new Set<Environment>();
  readonly #waiting: Waiting[] = [];
  readonly #idleCheck: NodeJS.Timeout;
  /** Starts that wait at the turnstile, and environments that are not ready yet. */
  #starting = 0;
  #growth: NodeJS.Timeout | undefined;
  #patienceMs = PATIENCE_MS_MIN;
  #isStopped = false;
  /** Invocations since the start. */
  invocations = 0;

  constructor(settings: FunctionSettings, home: FunctionHome) {
    this.settings = settings;
    this.#home = home;
    this.#idleCheck = setInterval(() => this.#endIdle(), IDLE_CHECK_MS).unref();
  }

  get environments(): Environment[] {
    return [...this.#alive];
  }

  /** Starts the first environment. Rejects with FunctionError when the bundle cannot be loaded. */
  warm(): Promise<void> {
    return this.#start();
  }

  /** The response's JSON text. Rejects with FunctionError. */
  invoke(event: string): Promise<Buffer> {
    if (this.#isStopped) return Promise.reject(stopped());
    this.invocations += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ event, resolve, reject });
      this.#dispatch();
    });
  }

  /** Lets running invocations end within `graceMs`, then kills what is left. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#idleCheck);
    clearTimeout(this.#growth);
    for (const { reject } of this.#waiting.splice(0)) reject(stopped());
    for (const environment of this.#alive) environment.retire();
    const timer = setTimeout(() => {
      for (const environment of this.#alive) environment.kill();
    }, graceMs);
    await Promise.all(this.environments.map((environment) => environment.ended));
    clearTimeout(timer);
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      // The first that has a slot, not the least used: then the last ones fall idle (F3).
      const environment = this.#environments.find(({ hasSlot }) => hasSlot);
      if (environment === undefined) break;
      const next = this.#waiting.shift();
      if (next !== undefined) environment.invoke(next.event).then(next.resolve, next.reject);
    }
    this.#growWhenBusy();
  }

  /** Not only for who waits now (F2): a function that stays busy gets a spare before the next one comes. */
  #growWhenBusy(): void {
    if (this.#growth !== undefined || !this.#needsMore()) return;
    const patienceMs = this.#environments.length === 0 ? 0 : this.#patienceMs;
    this.#growth = setTimeout(() => {
      this.#growth = undefined;
      if (!this.#needsMore()) return;
      void this.#start().catch(() => {}); // told to whoever waits (F4)
      this.#growWhenBusy();
    }, patienceMs);
  }

  #needsMore(): boolean {
    return (
      !this.#isStopped &&
      this.#environments.length + this.#starting < this.settings.environmentsMax &&
      this.#starting < Math.max(1, this.#waiting.length) &&
      !this.#environments.some(({ hasSlot }) => hasSlot)
    );
  }

  async #start(): Promise<void> {
    this.#starting += 1;
    try {
      await this.#home.starts.pass(() => this.#startOne());
    } catch (error) {
      const failure =
        error instanceof FunctionError ? error : new FunctionError("Runtime.Unknown", String(error));
      this.#waiting.shift()?.reject(failure);
      throw failure;
    } finally {
      this.#starting -= 1;
      if (!this.#isStopped) this.#dispatch();
    }
  }

  async #startOne(): Promise<void> {
    if (this.#isStopped) throw stopped();
    const environment = new Environment(this.settings, this.#home, () => this.#dispatch());
    this.#home.runtimeApiServer.register(environment);
    this.#alive.add(environment);
    void environment.ended.then(() => this.#remove(environment));
    await environment.ready;
    const startMs = performance.now() - environment.startedAt;
    this.#patienceMs = Math.min(PATIENCE_MS_MAX, Math.max(PATIENCE_MS_MIN, startMs));
    this.#environments.push(environment);
  }

  #remove(environment: Environment): void {
    this.#alive.delete(environment);
    const place = this.#environments.indexOf(environment);
    if (place >= 0) this.#environments.splice(place, 1);
    // After a crash the redelivered message should find a warm environment; but what dies as soon
    // as it is born is not born again before it is needed.
    const lived = performance.now() - environment.startedAt;
    if (lived > EARLY_DEATH_MS || this.#waiting.length > 0) this.#growWhenBusy();
  }

  #endIdle(): void {
    const now = performance.now();
    for (const environment of this.#environments.slice(1)) {
      if (environment.hasSlot && environment.running === 0 && now - environment.lastUsedAt > IDLE_MS_MAX) {
        environment.retire();
      }
    }
  }
}

/** Lets a few through at once; the others wait in order. */
export class Turnstile {
  #free: number;
  readonly #queue: (() => void)[] = [];

  constructor(width: number) {
    this.#free = width;
  }

  async pass<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

const stopped = (): FunctionError => new FunctionError("Host.Stopped", "the host is stopping");
