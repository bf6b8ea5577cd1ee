import { assertDelay, assertVisibility, messageBody } from "../../functions/shared/adapters/message-body.ts";
import type { AgentName } from "../../functions/shared/contracts/ids.ts";
import type { Hint, Work } from "../../functions/shared/contracts/messages.ts";
import { TerminalError } from "../../functions/shared/kernel/errors.ts";
import type { Delivery, Queues } from "../../functions/shared/ports/queues.ts";
import type { Chance } from "./chance.ts";
import type { FaultBook } from "./fault-book.ts";
import type { PortCalls } from "./port-calls.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimProcess } from "./sim-process.ts";
import type { Trace } from "./trace.ts";
import type { Watch } from "./watch.ts";
import type { Ablation, Weather } from "./weather.ts";

export const EVENTS = "events";

export interface QueueSettings {
  readonly name: string;
  readonly visibilityMs: number;
  readonly maxReceiveCount: number;
  readonly batchMax: number;
}

interface Held {
  readonly messageId: string;
  readonly body: string;
  visibleAt: number;
  receiveCount: number;
  /** Only the latest receipt is worth anything. */
  receipt: string;
}

interface Queue {
  readonly settings: QueueSettings;
  readonly messages: Map<string, Held>;
}

/** Standard queues: at least once, in any order, with a dead end for what is delivered too often. */
export class SimQueues {
  readonly #queues = new Map<string, Queue>();
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  readonly #weather: Weather;
  readonly #ablation: Ablation;
  readonly #faults: FaultBook;
  readonly #calls: PortCalls;
  readonly #watch: Required<Watch>;
  readonly #trace: Trace;
  #messages = 0;
  #receipts = 0;
  /** Somebody should poll this queue: a message of it may be visible now. */
  onVisible: (queue: string) => void = () => {};
  readonly deadLetters: { readonly queue: string; readonly body: string }[] = [];
  readonly vanished: { readonly queue: string; readonly body: string }[] = [];

  constructor(options: {
    queues: readonly QueueSettings[];
    scheduler: Scheduler;
    chance: Chance;
    weather: Weather;
    ablation: Ablation;
    faults: FaultBook;
    calls: PortCalls;
    watch: Required<Watch>;
    trace: Trace;
  }) {
    for (const settings of options.queues) {
      this.#queues.set(settings.name, { settings, messages: new Map() });
    }
    this.#scheduler = options.scheduler;
    this.#chance = options.chance;
    this.#weather = options.weather;
    this.#ablation = options.ablation;
    this.#faults = options.faults;
    this.#calls = options.calls;
    this.#watch = options.watch;
    this.#trace = options.trace;
  }

  portOf(process: SimProcess): Queues {
    const send = (queue: string, message: Hint | Work, delaySeconds = 0): Promise<void> =>
      this.#calls.call(process, {
        service: "queue",
        place: queue === EVENTS ? "sendHint" : "sendWork",
        subject: JSON.stringify(message),
        latencyMs: this.#chance.int(2, 15),
        effect: () => this.#send(process, queue, message, delaySeconds),
      });
    return {
      sendHint: (hint, options = {}) => send(EVENTS, hint, options.delaySeconds),
      sendWork: (agent: AgentName, work, options = {}) => send(agent, work, options.delaySeconds),
      hide: (receipt, seconds) =>
        this.#calls.call(process, {
          service: "queue",
          place: "hide",
          subject: `${receipt} for ${seconds} s`,
          latencyMs: this.#chance.int(2, 10),
          effect: () => this.#hide(process, receipt, seconds),
        }),
    };
  }

  /** What a poller gets now. */
  receive(name: string): Delivery[] {
    const queue = this.#queueOf(name);
    const { now } = this.#scheduler;
    const visible = [...queue.messages.values()].filter(({ visibleAt }) => visibleAt <= now);
    const deliveries: Delivery[] = [];
    const size = this.#chance.int(1, queue.settings.batchMax);
    while (visible.length > 0 && deliveries.length < size) {
      const [message] = visible.splice(this.#chance.int(0, visible.length - 1), 1);
      const delivery = message === undefined ? undefined : this.#deliver(queue, message);
      if (delivery !== undefined) deliveries.push(delivery);
    }
    return deliveries;
  }

  /** What the platform does with a handled message. */
  remove(name: string, delivery: Delivery): void {
    if (!this.#faults.isOver && this.#chance.hit(this.#weather.deletionLost)) {
      this.#faults.note("queue: deletion lost");
      return;
    }
    const { messages } = this.#queueOf(name);
    const message = messages.get(delivery.messageId);
    // A stale receipt deletes nothing.
    if (message?.receipt === delivery.receiptHandle) messages.delete(delivery.messageId);
  }

  waiting(): { readonly queue: string; readonly body: string; readonly visibleAt: number }[] {
    return [...this.#queues].flatMap(([queue, { messages }]) =>
      [...messages.values()].map(({ body, visibleAt }) => ({ queue, body, visibleAt })),
    );
  }

  hasWaiting(): boolean {
    for (const { messages } of this.#queues.values()) if (messages.size > 0) return true;
    return false;
  }

  #send(process: SimProcess, name: string, message: Hint | Work, delaySeconds: number): void {
    assertDelay(delaySeconds);
    const body = messageBody(message);
    const queue = this.#queues.get(name);
    if (queue === undefined) throw new TerminalError("Internal", `there is no queue of ${name}`);
    this.#watch.sent({ process, queue: name, message, body, now: this.#scheduler.now });
    if (this.#isAblated(name, message)) return;
    if (!this.#faults.isOver && this.#chance.hit(this.#weather.lost)) {
      this.#faults.note("queue: message lost");
      this.vanished.push({ queue: name, body });
      return;
    }
    this.#messages += 1;
    this.#put(queue, `m${this.#messages}`, body, delaySeconds * 1000);
  }

  #put(queue: Queue, messageId: string, body: string, delayMs: number): void {
    let wait = delayMs;
    if (!this.#faults.isOver && this.#chance.hit(this.#weather.delayed)) {
      this.#faults.note("queue: delayed");
      wait += this.#chance.skewed(100, 300_000);
    }
    const visibleAt = this.#scheduler.now + wait;
    queue.messages.set(messageId, { messageId, body, visibleAt, receiveCount: 0, receipt: "" });
    this.#announce(queue, visibleAt);
  }

  #deliver(queue: Queue, message: Held): Delivery | undefined {
    const { now } = this.#scheduler;
    const { visibilityMs, maxReceiveCount } = queue.settings;
    message.receiveCount += 1;
    const w = this.#weather;
    const isUnlucky = !this.#faults.isOver && this.#chance.hit(w.deadLettered);
    if (isUnlucky) this.#faults.note("queue: dead-lettered");
    // Without a sweeper nobody would come for what ends there.
    const isTooOften = message.receiveCount > maxReceiveCount && this.#ablation.kind !== "sweeper";
    if (isUnlucky || isTooOften) {
      this.#trace.note(now, queue.settings.name, `${message.messageId} is a dead letter`);
      queue.messages.delete(message.messageId);
      this.deadLetters.push({ queue: queue.settings.name, body: message.body });
      return undefined;
    }
    message.receipt = `r${++this.#receipts}`;
    message.visibleAt = now + visibilityMs;
    if (!this.#faults.isOver) {
      if (this.#chance.hit(w.countedWithoutDelivery)) {
        this.#faults.note("queue: counted without delivery");
        this.#announce(queue, message.visibleAt);
        return undefined;
      }
      if (this.#chance.hit(w.visibleEarly)) {
        this.#faults.note("queue: visible while handled");
        message.visibleAt = now + this.#chance.skewed(10, visibilityMs);
      }
      if (this.#chance.hit(w.duplicated)) {
        this.#faults.note("queue: duplicate");
        const copyAt = this.#chance.hit(0.5) ? 1 : this.#chance.skewed(10, 600_000);
        // At-least-once delivery: the same message, although it was deleted.
        this.#scheduler.after(copyAt, () => this.#revive(queue, message));
      }
    }
    this.#announce(queue, message.visibleAt);
    const { messageId, body, receipt, receiveCount } = message;
    return { messageId, receiptHandle: receipt, body, receiveCount };
  }

  #revive(queue: Queue, message: Held): void {
    const held = queue.messages.get(message.messageId);
    if (held === undefined) queue.messages.set(message.messageId, message);
    message.visibleAt = this.#scheduler.now;
    this.onVisible(queue.settings.name);
  }

  #hide(process: SimProcess, receipt: string, seconds: number): void {
    assertVisibility(seconds);
    for (const queue of this.#queues.values()) {
      for (const message of queue.messages.values()) {
        if (message.receipt !== receipt) continue;
        if (queue.settings.name !== EVENTS && process.name !== queue.settings.name) {
          throw new TerminalError("Internal", "not a message of this function's queue");
        }
        message.visibleAt = this.#scheduler.now + seconds * 1000;
        this.#announce(queue, message.visibleAt);
      }
    }
  }

  #announce(queue: Queue, at: number): void {
    this.#scheduler.at(at, () => this.onVisible(queue.settings.name));
  }

  #isAblated(queue: string, message: Hint | Work): boolean {
    if (queue !== EVENTS || message.kind !== "look" || message.task === undefined) return false;
    if (this.#ablation.kind === "hints") return true;
    return this.#ablation.kind === "hintsOf" && message.agent === this.#ablation.agent;
  }

  #queueOf(name: string): Queue {
    const queue = this.#queues.get(name);
    if (queue === undefined) throw new Error(`there is no queue ${name}`);
    return queue;
  }
}
