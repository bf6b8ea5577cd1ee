import { assertDelay, assertVisibility, messageBody } from "../../functions/shared/adapters/message-body.ts";
import type { AgentName } from "../../functions/shared/contracts/ids.ts";
import type { Hint, Work } from "../../functions/shared/contracts/messages.ts";
import { TerminalError } from "../../functions/shared/kernel/errors.ts";
import type { Delivery, Queues } from "../../functions/shared/ports/queues.ts";
import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import type { PortCalls } from "./port-calls.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimProcess } from "./sim-process.ts";
import { type QueueSettings, SimQueue } from "./sim-queue.ts";
import type { Trace } from "./trace.ts";
import type { Watch } from "./watch.ts";
import type { Ablation } from "./weather.ts";

export const EVENTS = "events";

export interface QueuesParts {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly faults: Faults;
  readonly trace: Trace;
  readonly calls: PortCalls;
  readonly watch: Required<Watch>;
  readonly ablation: Ablation;
}

/** A message that nobody will be given again. */
interface Gone {
  readonly queue: string;
  readonly body: string;
}

/** The queues of a world, and what of a function's messages comes to them. */
export class SimQueues {
  readonly #parts: QueuesParts;
  readonly #queues: ReadonlyMap<string, SimQueue>;
  #messages = 0;
  #receipts = 0;
  /** Somebody should poll this queue: a message of it may be visible now. */
  onVisible: (queue: string) => void = () => {};
  readonly deadLetters: Gone[] = [];
  readonly vanished: Gone[] = [];

  constructor(queues: readonly QueueSettings[], parts: QueuesParts) {
    this.#parts = parts;
    const ofQueue = {
      ...parts,
      newReceipt: () => `r${++this.#receipts}`,
      onVisible: (queue: string) => this.onVisible(queue),
      onDeadLetter: (queue: string, body: string) => this.deadLetters.push({ queue, body }),
    };
    this.#queues = new Map(queues.map((settings) => [settings.name, new SimQueue(settings, ofQueue)]));
  }

  /** The queues as one process reaches them. */
  portOf(process: SimProcess): Queues {
    const { calls, chance } = this.#parts;
    const send = (queue: string, message: Hint | Work, delaySeconds = 0): Promise<void> =>
      calls.call(process, {
        service: "queue",
        place: queue === EVENTS ? "sendHint" : "sendWork",
        subject: JSON.stringify(message),
        latencyMs: chance.int(2, 15),
        effect: () => this.#send(process, queue, message, delaySeconds),
      });
    return {
      sendHint: (hint, options = {}) => send(EVENTS, hint, options.delaySeconds),
      sendWork: (agent: AgentName, work, options = {}) => send(agent, work, options.delaySeconds),
      hide: (receipt, seconds) =>
        calls.call(process, {
          service: "queue",
          place: "hide",
          subject: `${receipt} for ${seconds} s`,
          latencyMs: chance.int(2, 10),
          effect: () => this.#hide(process, receipt, seconds),
        }),
    };
  }

  /** What a poller gets now. */
  receive(name: string): Delivery[] {
    return this.#queueOf(name).receive();
  }

  /** What the platform does with a handled message. */
  remove(name: string, delivery: Delivery): void {
    this.#queueOf(name).remove(delivery);
  }

  waiting(): { readonly queue: string; readonly body: string; readonly visibleAt: number }[] {
    return [...this.#queues].flatMap(([name, queue]) =>
      queue.waiting().map((message) => ({ queue: name, ...message })),
    );
  }

  hasWaiting(): boolean {
    for (const queue of this.#queues.values()) if (!queue.isEmpty) return true;
    return false;
  }

  #send(process: SimProcess, name: string, message: Hint | Work, delaySeconds: number): void {
    const { scheduler, faults, watch } = this.#parts;
    assertDelay(delaySeconds);
    const body = messageBody(message);
    const queue = this.#queues.get(name);
    if (queue === undefined) throw new TerminalError("Internal", `there is no queue of ${name}`);
    watch.sent({ process, queue: name, message, body, now: scheduler.now });
    if (this.#isAblated(name, message)) return;
    if (faults.strikes("lost", "queue: message lost")) {
      this.vanished.push({ queue: name, body });
      return;
    }
    queue.put(`m${++this.#messages}`, body, delaySeconds * 1000);
  }

  #hide(process: SimProcess, receipt: string, seconds: number): void {
    assertVisibility(seconds);
    for (const [name, queue] of this.#queues) {
      if (!queue.isReceipt(receipt)) continue;
      if (name !== EVENTS && process.name !== name) {
        throw new TerminalError("Internal", "not a message of this function's queue");
      }
      queue.hide(receipt, seconds * 1000);
    }
  }

  #isAblated(queue: string, message: Hint | Work): boolean {
    const { ablation } = this.#parts;
    if (queue !== EVENTS || message.kind !== "look" || message.task === undefined) return false;
    return ablation.kind === "hints" || (ablation.kind === "hintsOf" && message.agent === ablation.agent);
  }

  #queueOf(name: string): SimQueue {
    const queue = this.#queues.get(name);
    if (queue === undefined) throw new Error(`there is no queue ${name}`);
    return queue;
  }
}
