import type { Delivery } from "../../functions/shared/ports/queues.ts";
import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";

export interface QueueSettings {
  readonly name: string;
  readonly visibilityMs: number;
  readonly maxReceiveCount: number;
  readonly batchMax: number;
}

export interface QueueParts {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly faults: Faults;
  readonly trace: Trace;
  /** No two deliveries of a world have one. */
  readonly newReceipt: () => string;
  /** Somebody should poll this queue: a message of it may be visible now. */
  readonly onVisible: (queue: string) => void;
  readonly onDeadLetter: (queue: string, body: string) => void;
}

interface Held {
  readonly messageId: string;
  readonly body: string;
  visibleAt: number;
  receiveCount: number;
  /** Only the latest receipt is worth anything. */
  receipt: string;
}

/** A standard queue: at least once, in any order, with a dead end for what is delivered too often. */
export class SimQueue {
  readonly #settings: QueueSettings;
  readonly #parts: QueueParts;
  readonly #messages = new Map<string, Held>();

  constructor(settings: QueueSettings, parts: QueueParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  get isEmpty(): boolean {
    return this.#messages.size === 0;
  }

  waiting(): { readonly body: string; readonly visibleAt: number }[] {
    return [...this.#messages.values()].map(({ body, visibleAt }) => ({ body, visibleAt }));
  }

  put(messageId: string, body: string, delayMs: number): void {
    const { scheduler, chance, faults } = this.#parts;
    const lateMs = faults.strikes("delayed", "queue: delayed") ? chance.skewed(100, 300_000) : 0;
    const visibleAt = scheduler.now + delayMs + lateMs;
    this.#messages.set(messageId, { messageId, body, visibleAt, receiveCount: 0, receipt: "" });
    this.#announce(visibleAt);
  }

  /** What a poller gets now. */
  receive(): Delivery[] {
    const { scheduler, chance } = this.#parts;
    const visible = [...this.#messages.values()].filter(({ visibleAt }) => visibleAt <= scheduler.now);
    const deliveries: Delivery[] = [];
    const size = chance.int(1, this.#settings.batchMax);
    while (visible.length > 0 && deliveries.length < size) {
      const [message] = visible.splice(chance.int(0, visible.length - 1), 1);
      const delivery = message === undefined ? undefined : this.#deliver(message);
      if (delivery !== undefined) deliveries.push(delivery);
    }
    return deliveries;
  }

  /** What the platform does with a handled message. */
  remove({ messageId, receiptHandle }: Delivery): void {
    if (this.#parts.faults.strikes("deletionLost", "queue: deletion lost")) return;
    // A stale receipt deletes nothing.
    if (this.#messages.get(messageId)?.receipt === receiptHandle) this.#messages.delete(messageId);
  }

  /** Whether it is the latest receipt of a message that is here. */
  isReceipt(receipt: string): boolean {
    return this.#heldBy(receipt) !== undefined;
  }

  /** Does nothing for a stale receipt. */
  hide(receipt: string, ms: number): void {
    const message = this.#heldBy(receipt);
    if (message === undefined) return;
    message.visibleAt = this.#parts.scheduler.now + ms;
    this.#announce(message.visibleAt);
  }

  #deliver(message: Held): Delivery | undefined {
    const { scheduler, chance, faults, newReceipt } = this.#parts;
    const { visibilityMs, maxReceiveCount } = this.#settings;
    message.receiveCount += 1;
    const isUnlucky = faults.strikes("deadLettered", "queue: dead-lettered");
    if (isUnlucky || message.receiveCount > maxReceiveCount) {
      this.#bury(message);
      return undefined;
    }
    message.receipt = newReceipt();
    message.visibleAt = scheduler.now + visibilityMs;
    if (faults.strikes("countedWithoutDelivery", "queue: counted without delivery")) {
      this.#announce(message.visibleAt);
      return undefined;
    }
    if (faults.strikes("visibleEarly", "queue: visible while handled")) {
      message.visibleAt = scheduler.now + chance.skewed(10, visibilityMs);
    }
    if (faults.strikes("duplicated", "queue: duplicate")) {
      // At-least-once delivery: the same message, although it was deleted.
      scheduler.after(chance.hit(0.5) ? 1 : chance.skewed(10, 600_000), () => this.#revive(message));
    }
    this.#announce(message.visibleAt);
    const { messageId, body, receipt, receiveCount } = message;
    return { messageId, receiptHandle: receipt, body, receiveCount };
  }

  #bury({ messageId, body }: Held): void {
    const { scheduler, trace, onDeadLetter } = this.#parts;
    const { name } = this.#settings;
    trace.note(scheduler.now, name, `${messageId} is a dead letter`);
    this.#messages.delete(messageId);
    onDeadLetter(name, body);
  }

  #revive(message: Held): void {
    if (!this.#messages.has(message.messageId)) this.#messages.set(message.messageId, message);
    message.visibleAt = this.#parts.scheduler.now;
    this.#parts.onVisible(this.#settings.name);
  }

  #heldBy(receipt: string): Held | undefined {
    return [...this.#messages.values()].find((message) => message.receipt === receipt);
  }

  #announce(at: number): void {
    this.#parts.scheduler.at(at, () => this.#parts.onVisible(this.#settings.name));
  }
}
