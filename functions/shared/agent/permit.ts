import { splitTaskId } from "../contracts/ids.ts";
import { LIMITS } from "../contracts/limits.ts";
import { Permit, type Reservation } from "../contracts/permit.ts";
import { permitKey } from "../contracts/resources.ts";
import type { TurnRecord } from "../contracts/task-record.ts";
import { assert } from "../kernel/assert.ts";
import { TerminalError } from "../kernel/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Estimate } from "../ports/model.ts";
import type { Condition, Path, Store } from "../ports/store.ts";
import { additionsOf, type Caps, hasDollarCap, roomConditions } from "./budget.ts";
import { roomFor } from "./budget-room.ts";
import { orUnsure } from "./or-unsure.ts";
import {
  type Amounts,
  amountsOf,
  NOTHING,
  paidFor,
  type Real,
  reservationId,
  settlementOf,
  sumOf,
} from "./spending.ts";

export type Reserved =
  | { readonly kind: "reserved" | "fenced" | "wait" }
  | { readonly kind: "stopped"; readonly cause: string }
  /** Nothing is reserved yet: tell the model, and ask again for what that takes. */
  | { readonly kind: "scarce"; readonly notice: string }
  | { readonly kind: "exceeded"; readonly message: string };

interface Spending {
  readonly id: string;
  readonly estimate: Estimate;
  real: Real | undefined;
}

/** For one task and one epoch, on the PERMIT of its execution. */
export interface PermitOptions {
  readonly store: Store;
  readonly clock: Pick<Clock, "now">;
  readonly taskId: string;
  readonly epoch: number;
  readonly caps: Caps;
  readonly isTakeover: boolean;
  /** The saved turns, to settle what a dead predecessor reserved. */
  readonly turns: () => readonly TurnRecord[];
}

/**
 * Money is asked for before it is spent.
 *
 * M1. No model call without a reservation that was applied under a permit without stops (P3).
 * M2. A reservation is settled once, by its id (P4); at most one of a task is open.
 * M3. What is `committed` never falls below what was spent: unknown costs stay at their estimate.
 * M4. After a takeover the purse is fenced before an outcome is written (P5).
 */
export class TaskPermit {
  readonly #options: PermitOptions;
  readonly #n: string;
  readonly #executionId: string;
  /** The last reservation, as long as it may be open. */
  #open: Spending | undefined;
  #isFenced: boolean;

  constructor(options: PermitOptions) {
    const { executionId, n } = splitTaskId(options.taskId);
    this.#options = options;
    this.#executionId = executionId;
    this.#n = String(n);
    this.#isFenced = !options.isTakeover;
  }

  /**
   * Reserves for try `attempt` of turn `turn`. A turn that was settled in mind only is settled in
   * the same update: until then, its successor would settle it from the saved TURN. Unless `isTold`,
   * an answer may be that little is left: only then is PERMIT read, to say how little.
   */
  async reserve(turn: number, attempt: number, estimate: Estimate, isTold = true): Promise<Reserved> {
    const id = reservationId(this.#options.epoch, turn, attempt);
    let percent: number = isTold ? 100 : LIMITS.budgetNoticePercent;
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      if ((await this.#tryToReserve(id, estimate, percent)) === "applied")
        return this.#reserved(id, estimate);
      const permit = await this.read();
      const { id: openId, epoch: openEpoch = 0 } = permit.open[this.#n] ?? {};
      if (openId === id) return this.#reserved(id, estimate);
      if (Math.max(permit.epochs[this.#n] ?? 0, openEpoch) > this.#options.epoch) return { kind: "fenced" };
      if (openId !== undefined) {
        await this.settleLeftover(permit);
        continue;
      }
      const cause = stopCauseOf(permit, this.#n);
      if (cause !== undefined) return { kind: "stopped", cause };
      this.#open = undefined;
      const room = roomFor(estimate, permit, this.#options.caps, this.#options.clock.now());
      if (room.kind === "wait") return { kind: "wait" };
      if (room.kind === "exceeded" || (room.kind === "scarce" && !isTold)) return room;
      percent = 100;
    }
    return { kind: "wait" };
  }

  /** What the reserved call came to; written with the next reservation or by `settle`. */
  spent(real: Real): void {
    assert(this.#open !== undefined, "only a reserved call can be spent");
    this.#open.real = real;
  }

  /** Settles what is open. A refusal means that it was settled before, by us or by a successor. */
  async settle(): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    await this.#close({ id: open.id, ...amountsOf(open.estimate) }, open.real ?? "presumed");
    this.#open = undefined;
  }

  /**
   * P4: settles the reservation that an earlier epoch left behind: with the real usage when its TURN
   * was saved, otherwise it is presumed spent.
   */
  async settleLeftover(permit: Permit): Promise<void> {
    const left = permit.open[this.#n];
    if (left === undefined || left.epoch > this.#options.epoch) return;
    const saved = this.#options.turns().find((turn) => paidFor(left.id, turn));
    await this.#close(
      left,
      this.#open?.id === left.id ? (this.#open.real ?? "presumed") : (saved?.usage ?? "presumed"),
    );
    this.#open = undefined;
  }

  /**
   * P5: `false` when a successor has fenced us. Costs nothing unless there was a takeover; then what
   * the predecessor reserved is settled too, for after an outcome nobody would come to do it.
   */
  async fence(): Promise<boolean> {
    if (this.#isFenced) return true;
    const { epoch, store } = this.#options;
    const path: Path = ["epochs", this.#n];
    const when: Condition[] = [{ path, is: "missingOrAtMost", value: epoch }];
    const written = await orUnsure(store.update(this.#key, { set: [[path, epoch]], when }));
    const permit = await this.read();
    this.#isFenced = written === "applied" || permit.epochs[this.#n] === epoch;
    if (this.#isFenced) await this.settleLeftover(permit);
    return this.#isFenced;
  }

  /** P3: why nothing more may be started for this task, if so. */
  async stopCause(): Promise<string | undefined> {
    return stopCauseOf(await this.read(), this.#n);
  }

  async read(): Promise<Permit> {
    const parsed = Permit.safeParse(await this.#options.store.get(this.#key));
    // Created before the execution (P2), so its absence is damage; without it nothing may be spent.
    if (!parsed.success) throw new TerminalError("StateUnreadable", "this execution's permit cannot be read");
    return parsed.data;
  }

  get #key() {
    return permitKey(this.#executionId);
  }

  #reserved(id: string, estimate: Estimate): Reserved {
    this.#open = { id, estimate, real: undefined };
    this.#isFenced = true;
    return { kind: "reserved" };
  }

  async #tryToReserve(
    id: string,
    estimate: Estimate,
    percent: number,
  ): Promise<"applied" | "refused" | "unsure"> {
    const { store, clock, epoch, caps } = this.#options;
    const need = amountsOf(estimate);
    const last = this.#open;
    const change =
      last === undefined ? NOTHING : settlementOf(amountsOf(last.estimate), last.real ?? "presumed");
    const added = sumOf(need, change);
    const room = roomConditions(caps, added, percent);
    if (room === undefined || (estimate.microUsd === null && hasDollarCap(caps))) return "refused";
    const { tokens, microUsd } = need;
    const reservation: Reservation = { id, agent: caps.agent, epoch, at: clock.now(), tokens, microUsd };
    const open: Path = ["open", this.#n];
    return orUnsure(
      store.update(this.#key, {
        set: [
          [open, { ...reservation }],
          [["epochs", this.#n], epoch],
        ],
        add: additionsOf(caps.agent, added),
        when: [
          ...room,
          { path: ["stopped"], is: "missing" },
          { path: ["stops", this.#n], is: "missing" },
          { path: ["epochs", this.#n], is: "missingOrAtMost", value: epoch },
          last === undefined
            ? { path: open, is: "missing" }
            : { path: [...open, "id"], is: "equal", value: last.id },
        ],
      }),
    );
  }

  async #close(
    reserved: Pick<Amounts, "tokens" | "microUsd"> & { readonly id: string },
    real: Real,
  ): Promise<void> {
    const change = settlementOf(reserved, real);
    const open: Path = ["open", this.#n];
    const write = () =>
      this.#options.store.update(this.#key, {
        add: additionsOf(this.#options.caps.agent, change),
        remove: [open],
        when: [{ path: [...open, "id"], is: "equal", value: reserved.id }],
      });
    // Conditional on the id, so writing it once more cannot count twice.
    if ((await orUnsure(write())) === "unsure") await write();
  }
}

const TRIES_MAX = 5;

const stopCauseOf = (permit: Permit, n: string): string | undefined =>
  permit.stopped?.cause ?? permit.stops[n]?.cause;
