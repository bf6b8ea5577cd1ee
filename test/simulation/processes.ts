import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import type { PortCalls } from "./port-calls.ts";
import type { Scheduler } from "./scheduler.ts";
import { type Role, roleName, SimProcess } from "./sim-process.ts";
import type { Trace } from "./trace.ts";
import type { Watch } from "./watch.ts";

export interface ProcessParts {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly faults: Faults;
  readonly calls: PortCalls;
  readonly watch: Required<Watch>;
  readonly trace: Trace;
}

const JUMP_MS = 3_600_000;

/** Every run of a function: it starts with a clock of its own, and ends, dies, or is out of time. */
export class Processes {
  readonly #parts: ProcessParts;
  /** Of each clock, drawn up to here in both directions. */
  readonly #skewMsMax: number;
  /** Those that run, and what follows when they no longer do. */
  readonly #onEnd = new Map<SimProcess, () => void>();
  #started = 0;

  constructor(parts: ProcessParts, skewMsMax: number) {
    this.#parts = parts;
    this.#skewMsMax = skewMsMax;
    parts.calls.onDeath = (process) => this.#bury(process);
  }

  get areDone(): boolean {
    return this.#onEnd.size === 0;
  }

  get started(): number {
    return this.#started;
  }

  /** `onEnd` is called once, whether it ends or dies. */
  start(role: Role, timeoutMs: number, onEnd: () => void): SimProcess {
    const { scheduler, faults, calls, trace } = this.#parts;
    const skewMs = this.#drawSkew();
    const jumpMs = this.#drawJump();
    const id = `${roleName(role)}-${++this.#started}`;
    const process = new SimProcess(id, role, scheduler.now, skewMs + jumpMs);
    if (jumpMs !== 0) process.isClean = false;
    this.#onEnd.set(process, onEnd);
    trace.note(scheduler.now, process.id, `starts, clock off by ${process.skewMs} ms`);
    scheduler.after(timeoutMs, () => {
      if (process.isDead || process.hasEnded) return;
      faults.note("function timeout");
      calls.kill(process, "out of time");
    });
    return process;
  }

  /** Does nothing when it is dead. */
  end(process: SimProcess): void {
    if (process.isDead || process.hasEnded) return;
    process.hasEnded = true;
    this.#parts.trace.note(this.#parts.scheduler.now, process.id, "ends");
    this.#parts.watch.ended(process);
    this.#bury(process);
  }

  #drawSkew(): number {
    return this.#skewMsMax === 0 ? 0 : this.#parts.chance.int(-this.#skewMsMax, this.#skewMsMax);
  }

  #drawJump(): number {
    const { faults, chance } = this.#parts;
    if (!faults.strikes("clockJump", "clock jump")) return 0;
    return chance.hit(0.5) ? JUMP_MS : -JUMP_MS;
  }

  #bury(process: SimProcess): void {
    const onEnd = this.#onEnd.get(process);
    this.#onEnd.delete(process);
    onEnd?.();
  }
}
