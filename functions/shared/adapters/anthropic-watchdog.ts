import type { Clock } from "../ports/clock.ts";

const LINGER_MS = 250;

/**
 * Ends a call that the SDK would wait for: nothing after the response headers is timed by it.
 *
 * I1. The call's signal aborts at most once, for the first of: the caller's signal, `idleMs`
 *     without a byte, `callMs` in all.
 * I2. After `stop` nothing runs on: no timer, no listener.
 */
export class CallWatchdog {
  /** Why the call was ended: the caller's reason as it is, or a sentence of ours. */
  verdict:
    | { readonly by: "caller"; readonly reason: unknown }
    | { readonly by: "watchdog"; readonly message: string }
    | undefined;
  readonly #call = new AbortController();
  readonly #stopped = new AbortController();
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #callMs: number;
  #idleMs: number;
  #lastSignOfLifeAt: number;

  constructor(options: {
    readonly clock: Clock;
    readonly idleMs: number;
    readonly callMs: number;
    readonly caller: AbortSignal;
  }) {
    this.#clock = options.clock;
    this.#idleMs = options.idleMs;
    this.#callMs = options.callMs;
    this.#startedAt = options.clock.now();
    this.#lastSignOfLifeAt = this.#startedAt;
    const obey = (): void => this.#end({ by: "caller", reason: options.caller.reason });
    if (options.caller.aborted) obey();
    else options.caller.addEventListener("abort", obey, { once: true, signal: this.#stopped.signal });
    void this.#watch();
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  signOfLife(): void {
    this.#lastSignOfLifeAt = this.#clock.now();
  }

  /** The message is whole; the end of the stream, which frees the connection, is waited for only briefly. */
  linger(): void {
    void this.#clock.sleep(LINGER_MS, this.#stopped.signal).then(() => this.#call.abort(), no);
  }

  stop(): void {
    this.#stopped.abort();
    // Frees the connection when the answer was not read to its end; otherwise it does nothing.
    this.#call.abort();
  }

  /** One timer at a time: it looks again when the earlier of the two limits could have passed. */
  async #watch(): Promise<void> {
    while (!this.#stopped.signal.aborted && this.verdict === undefined) {
      const now = this.#clock.now();
      const idleLeft = this.#lastSignOfLifeAt + this.#idleMs - now;
      const callLeft = this.#startedAt + this.#callMs - now;
      if (callLeft <= 0)
        return this.#end({ by: "watchdog", message: `no whole answer within ${this.#callMs} ms` });
      if (idleLeft <= 0)
        return this.#end({ by: "watchdog", message: `the provider was silent for ${this.#idleMs} ms` });
      const slept = this.#clock.sleep(Math.min(idleLeft, callLeft), this.#stopped.signal);
      if (!(await slept.then(yes, no))) return;
    }
  }

  #end(verdict: NonNullable<CallWatchdog["verdict"]>): void {
    if (this.verdict !== undefined || this.#stopped.signal.aborted) return;
    this.verdict = verdict;
    this.#call.abort();
  }
}

const yes = (): boolean => true;
const no = (): boolean => false;
