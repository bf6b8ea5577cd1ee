import { HUMAN } from "../../functions/shared/contracts/human.ts";
import { splitTaskId } from "../../functions/shared/contracts/ids.ts";
import type { AnswerBody } from "../../functions/shared/contracts/question.ts";
import type { TaskRequest } from "../../functions/shared/contracts/task-record.ts";
import type { Chance } from "./chance.ts";
import { isOldSeed } from "./old-seeds.ts";
import type { Platform } from "./platform.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";
import { Violation } from "./violation.ts";
import type { Watch, WriteSeen } from "./watch.ts";

const RETRY_MS_MAX = 20_000;
/** Longer than any outage: whoever gives up before leaves an execution open for good. */
const TRIES_MAX = 1_000;
/** Whoever is not there lets short deadlines pass, and no others: the world must come to rest. */
const SHORT_MS = 20 * 60_000;

export const hasPeople = (seed: number, chance: Chance): boolean => !isOldSeed(seed) && chance.hit(0.3);

/** The answers that must not be refused in other words than these: it was closed, or answered before. */
const GOOD = new Set([200, 202, 409]);

interface Given {
  readonly taskId: string;
  readonly body: AnswerBody;
  readonly tries: number;
}

/**
 * The people of a world: whoever is asked something answers through the API, sooner or later, some
 * twice, some in two ways at once, some never, and again when they got no receipt.
 */
export class People implements Watch {
  readonly #chance: Chance;
  readonly #scheduler: Scheduler;
  readonly #trace: Trace;
  readonly #patienceMs: number;
  #platform: Platform | undefined;
  #isDamaged: (executionId: string) => boolean = () => false;
  #onViolation: (violation: Violation) => void = () => {};
  #busy = 0;

  constructor(parts: { chance: Chance; scheduler: Scheduler; trace: Trace; isLocal: boolean }) {
    this.#chance = parts.chance;
    this.#scheduler = parts.scheduler;
    this.#trace = parts.trace;
    this.#patienceMs = parts.isLocal ? 60_000 : 600_000;
  }

  open(
    platform: Platform,
    world: { isDamaged(executionId: string): boolean; onViolation(violation: Violation): void },
  ): void {
    this.#platform = platform;
    this.#isDamaged = world.isDamaged;
    this.#onViolation = world.onViolation;
  }

  get areDone(): boolean {
    return this.#busy === 0;
  }

  wrote({ key, before, after, now }: WriteSeen): void {
    if (key.sk !== "TASK" || before !== undefined || after["agent"] !== HUMAN) return;
    const { deadlineAt, packet } = after["request"] as unknown as TaskRequest;
    const taskId = String(after["taskId"]);
    const leftMs = deadlineAt - now;
    if (leftMs < SHORT_MS && this.#chance.hit(0.3)) return;
    const delayMs = this.#chance.hit(0.1) ? leftMs % SHORT_MS : this.#chance.skewed(200, this.#patienceMs);
    const body = this.#draw(packet.approval !== undefined);
    this.#at(delayMs, { taskId, body, tries: 1 });
    if (this.#chance.hit(0.2)) this.#at(delayMs + this.#chance.skewed(0, 30_000), { taskId, body, tries: 1 });
    if (this.#chance.hit(0.2)) {
      const other = this.#draw(packet.approval !== undefined);
      this.#at(delayMs + this.#chance.skewed(0, 2_000), { taskId, body: other, tries: 1 });
    }
  }

  #draw(isApproval: boolean): AnswerBody {
    const chance = this.#chance;
    if (!isApproval) return { text: `say ${chance.int(1, 1e6)} ${"x".repeat(chance.skewed(0, 15_000))}` };
    return chance.hit(0.6)
      ? { decision: "approve" }
      : { decision: "reject", reason: `no ${chance.int(1, 9)}` };
  }

  #at(delayMs: number, given: Given): void {
    this.#busy += 1;
    this.#scheduler.after(delayMs, () => {
      void this.#answer(given).then(() => {
        this.#busy -= 1;
      });
    });
  }

  async #answer(given: Given): Promise<void> {
    const { executionId, n } = splitTaskId(given.taskId);
    const answer = await this.#platform?.request(`/executions/${executionId}/tasks/${n}/answer`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(given.body),
    });
    this.#trace.note(this.#scheduler.now, "person", `answers ${given.taskId}: ${answer?.status}`);
    if (answer !== undefined && GOOD.has(answer.status)) return;
    if (answer !== undefined && answer.status < 500) {
      // What was damaged may have forgotten what it had asked.
      const isForgotten = answer.status === 404 && this.#isDamaged(executionId);
      const what = `the API refused a good answer: ${JSON.stringify(answer)}`;
      if (!isForgotten) this.#onViolation(new Violation(18, what));
      return;
    }
    if (given.tries === TRIES_MAX) return;
    this.#at(this.#chance.int(100, RETRY_MS_MAX), { ...given, tries: given.tries + 1 });
  }
}
