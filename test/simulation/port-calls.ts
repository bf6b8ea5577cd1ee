import { type CallParts, type Outcome, type PortCall, SentCall } from "./sent-call.ts";
import type { SimProcess } from "./sim-process.ts";

/**
 * Every call of a port is an operation on the simulator's heap. When its time comes, chance decides
 * whether its process dies before or after it, stands still, or is told something else than what
 * happened. A dead process's calls never settle; those on their way may still arrive.
 */
export class PortCalls {
  readonly #parts: CallParts;
  onDeath: (process: SimProcess) => void = () => {};

  constructor(parts: CallParts) {
    this.#parts = parts;
  }

  call<T>(process: SimProcess, call: PortCall<T>): Promise<T> {
    if (process.isDead) return new Promise(() => {});
    return new Promise<T>((resolve, reject) => {
      const { signal } = call;
      if (signal?.aborted) return reject(signal.reason);
      let isAborted = false;
      onAbort(signal, (reason) => {
        isAborted = true;
        reject(reason);
      });
      const settle = (outcome: Outcome<T>): void => {
        if (process.isDead || isAborted) return;
        if (outcome.ok) resolve(outcome.value);
        else reject(outcome.error);
      };
      const sender = { process, settle, kill: (why: string) => this.kill(process, why) };
      const sent = new SentCall(this.#parts, sender, call);
      // Who gave up waiting does not take the request back.
      this.#parts.scheduler.after(call.latencyMs, () => sent.arrive());
    });
  }

  /** Resolves when the process's clock says so; not before it has thawed. */
  sleep(process: SimProcess, ms: number, signal?: AbortSignal): Promise<void> {
    if (process.isDead) return new Promise(() => {});
    const { scheduler } = this.#parts;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const wake = (): void => {
        if (process.isDead) return;
        if (process.isFrozen(scheduler.now)) timer = scheduler.at(process.frozenUntil, wake);
        else resolve();
      };
      let timer = scheduler.after(ms, wake);
      onAbort(signal, (reason) => {
        scheduler.cancel(timer);
        reject(reason);
      });
    });
  }

  kill(process: SimProcess, why: string): void {
    if (process.isDead || process.hasEnded) return;
    process.isDead = true;
    process.isClean = false;
    this.#parts.trace.note(this.#parts.scheduler.now, process.id, `dies: ${why}`);
    this.onDeath(process);
  }
}

const onAbort = (signal: AbortSignal | undefined, act: (reason: unknown) => void): void =>
  signal?.addEventListener("abort", () => act(signal.reason), { once: true });
