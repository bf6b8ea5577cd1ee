import { splitTaskId } from "../contracts/ids.ts";
import { taskKey } from "../contracts/resources.ts";
import type { Delivery } from "../ports/queues.ts";
import type { AgentPorts } from "./agent-ports.ts";
import { type Held, whileHeld } from "./claim.ts";
import { fenced, type Interruption, stoppedBy } from "./interruption.ts";
import { orUnsure } from "./or-unsure.ts";
import type { TaskPermit } from "./permit.ts";

/**
 * Keeps a claim alive while the function works (P7), and notices within a beat when it must not
 * work any more.
 *
 * H1. Every beat renews the lease, hides the message until the lease could be stolen, and reads the stops.
 * H2. When the claim is another's, or the lease ran out because renewing failed, `signal` is aborted
 *     before anything else of this owner could be written: writes are fenced by epoch in any case.
 * H3. After `stop` has resolved, nothing of it is under way.
 */
export class Heartbeat {
  readonly #ports: AgentPorts;
  readonly #held: Held;
  readonly #delivery: Delivery;
  readonly #permit: TaskPermit;
  readonly #work = new AbortController();
  readonly #end = new AbortController();
  readonly #loop: Promise<void>;
  #leaseUntil: number;

  constructor(ports: AgentPorts, held: Held, delivery: Delivery, permit: TaskPermit) {
    this.#ports = ports;
    this.#held = held;
    this.#delivery = delivery;
    this.#permit = permit;
    this.#leaseUntil = held.leaseUntil;
    this.#loop = this.#run();
  }

  /** Aborted, with an Interruption as its reason, when the work must end at once. */
  get signal(): AbortSignal {
    return this.#work.signal;
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock, times } = this.#ports;
    while (!this.#work.signal.aborted) {
      try {
        await clock.sleep(times.beatMs, this.#end.signal);
      } catch {
        return; // Stopped.
      }
      await this.#beat();
    }
  }

  async #beat(): Promise<void> {
    const { clock, queues, times, log } = this.#ports;
    const hiddenSeconds = Math.ceil((times.leaseMs + times.stealMarginMs) / 1000);
    const [renewed, stops, hidden] = await Promise.allSettled([
      this.#renew(),
      this.#permit.stopCause(),
      queues.hide(this.#delivery.receiptHandle, hiddenSeconds),
    ]);
    if (hidden.status === "rejected")
      log.warn("could not hide the message", { messageId: this.#delivery.messageId });
    if (renewed.status === "fulfilled" && renewed.value === "lost") return this.#interrupt(fenced());
    if (clock.now() > this.#leaseUntil) return this.#interrupt(fenced());
    if (stops.status === "fulfilled" && stops.value !== undefined) this.#interrupt(stoppedBy(stops.value));
  }

  async #renew(): Promise<"held" | "lost"> {
    const { agent, taskId } = this.#held.task.record;
    const key = taskKey(agent, taskId);
    const leaseUntil = this.#ports.clock.now() + this.#ports.times.leaseMs;
    const written = await orUnsure(
      this.#ports.store.update(key, {
        set: [[["claim", "leaseUntil"], leaseUntil]],
        add: [[["version"], 1]],
        when: whileHeld(this.#held),
      }),
    );
    if (written !== "applied") {
      const claim = (await this.#ports.store.get(key))?.["claim"] as
        | { owner?: string; leaseUntil?: number }
        | undefined;
      if (claim?.owner !== this.#held.owner) return "lost";
      this.#leaseUntil = claim.leaseUntil ?? this.#leaseUntil;
      return "held";
    }
    this.#leaseUntil = leaseUntil;
    return "held";
  }

  #interrupt(reason: Interruption): void {
    const { executionId } = splitTaskId(this.#held.task.record.taskId);
    this.#ports.log.warn("work interrupted", {
      executionId,
      taskId: this.#held.task.record.taskId,
      code: reason.kind,
    });
    this.#work.abort(reason);
  }
}
