import type { Chance } from "./chance.ts";
import { taskText } from "./plan.ts";
import type { Platform } from "./platform.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";
import type { Wish } from "./wishes.ts";

/** What a caller has been told. */
export interface Told {
  readonly wish: Wish;
  /** Every accepted POST of this wish; more than one without an idempotency key. */
  readonly accepted: string[];
  posts: number;
  isStopAccepted: boolean;
}

const RETRY_MS_MAX = 20_000;

/** The callers of a world: they submit, again when they were not answered, and stop what they have begun. */
export class Users {
  readonly told: readonly Told[];
  readonly #platform: Platform;
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  readonly #trace: Trace;
  #busy = 0;

  constructor(
    parts: { platform: Platform; scheduler: Scheduler; chance: Chance; trace: Trace },
    wishes: readonly Wish[],
  ) {
    this.#platform = parts.platform;
    this.#scheduler = parts.scheduler;
    this.#chance = parts.chance;
    this.#trace = parts.trace;
    this.told = wishes.map((wish) => ({ wish, accepted: [], posts: 0, isStopAccepted: false }));
    for (const told of this.told) {
      this.#at(told.wish.submitAt, () => this.#submit(told));
      if (told.wish.submitsTwice) {
        this.#at(told.wish.submitAt + this.#chance.int(0, 3_000), () => this.#submit(told));
      }
    }
  }

  get areDone(): boolean {
    return this.#busy === 0;
  }

  #at(time: number, act: () => Promise<void>): void {
    this.#busy += 1;
    this.#scheduler.at(time, () => {
      void act().then(() => {
        this.#busy -= 1;
      });
    });
  }

  async #submit(told: Told): Promise<void> {
    const { plan, key, limits, stopAfterMs } = told.wish;
    const body = JSON.stringify({ input: taskText(plan), agent: plan.agent, limits });
    told.posts += 1;
    const answer = await this.#platform.request("/executions", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(key === undefined ? {} : { "idempotency-key": key }),
      },
      body,
    });
    const { executionId } = (answer?.body ?? {}) as { executionId?: string };
    this.#trace.note(this.#scheduler.now, "user", `POST plan ${plan.id}: ${answer?.status} ${executionId}`);
    if (answer?.status === 202 && executionId !== undefined) {
      if (told.accepted.length === 0 && stopAfterMs !== undefined) {
        this.#at(this.#scheduler.now + stopAfterMs, () => this.#stop(told, executionId));
      }
      told.accepted.push(executionId);
      return;
    }
    if (answer !== undefined && answer.status < 500) {
      throw new Error(`the API refused a good request: ${JSON.stringify(answer)}`);
    }
    this.#at(this.#scheduler.now + this.#chance.int(100, RETRY_MS_MAX), () => this.#submit(told));
  }

  async #stop(told: Told, executionId: string): Promise<void> {
    const answer = await this.#platform.request(`/executions/${executionId}/stop`, { method: "POST" });
    this.#trace.note(this.#scheduler.now, "user", `stop: ${answer?.status}`);
    if (answer !== undefined && answer.status < 500) {
      told.isStopAccepted = answer.status === 202;
      return;
    }
    this.#at(this.#scheduler.now + this.#chance.int(100, RETRY_MS_MAX), () => this.#stop(told, executionId));
  }
}
