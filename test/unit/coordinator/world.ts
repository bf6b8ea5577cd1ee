import { createReconciler } from "../../../functions/coordinator/reconcile.ts";
import type { HandoffCall, OnFailure } from "../../../functions/shared/contracts/handoff.ts";
import { type ExecutionId, splitTaskId } from "../../../functions/shared/contracts/ids.ts";
import type { Attribute } from "../../../functions/shared/contracts/item.ts";
import type { Hint, Work } from "../../../functions/shared/contracts/messages.ts";
import { Permit } from "../../../functions/shared/contracts/permit.ts";
import { LOCAL_TIMES } from "../../../functions/shared/contracts/protocol-times.ts";
import { permitKey, stateKey, taskKey } from "../../../functions/shared/contracts/resources.ts";
import { type JoinedAnswers, TaskRecord } from "../../../functions/shared/contracts/task-record.ts";
import { RetryableError } from "../../../functions/shared/kernel/errors.ts";
import type { CoordinatorPorts } from "../../../functions/shared/ports/coordinator-ports.ts";
import type { Path, Store } from "../../../functions/shared/ports/store.ts";
import { sweep } from "../../../functions/sweeper/sweep.ts";
import { EXECUTION_ID } from "../../support/given.ts";
import { seededRandom, silentLog } from "../../support/memory-ports.ts";
import { hint, Rig } from "./rig.ts";

/**
 * What an agent is to do, turn by turn, as the text of its task: so that whole trees of handoffs,
 * with failures in them, are written down in one value and need no knowledge of who runs when.
 */
export interface Plan {
  readonly turns: readonly Turn[];
}

export type Turn =
  | { readonly answer: string }
  | { readonly fail: string }
  | { readonly handoffs: readonly PlannedHandoff[] };

export interface PlannedHandoff {
  readonly mode: HandoffCall["mode"];
  readonly onFailure: OnFailure;
  readonly deadlineSeconds?: number;
  readonly to: readonly { readonly agent: string; readonly plan: Plan }[];
}

/** How unkind the world is; each is a chance in [0, 1). */
export interface Weather {
  readonly doubled: number;
  readonly lost: number;
  /** A coordinator run dies at some request. */
  readonly coordinatorDies: number;
  /** A coordinator run stands still at some request, for longer than others wait for it, and then goes on. */
  readonly coordinatorFreezes: number;
  /** An agent dies after its claim, without a word. */
  readonly agentDies: number;
}

export const KIND: Weather = {
  doubled: 0,
  lost: 0,
  coordinatorDies: 0,
  coordinatorFreezes: 0,
  agentDies: 0,
};

interface InFlight {
  readonly queue: string;
  readonly message: Hint | Work;
  readonly notBefore: number;
}

const STEPS_MAX = 20_000;

/** A coordinator, a sweeper and tiny agents over one table, with messages in any order. */
export class World {
  readonly rig = new Rig();
  readonly #random: () => number;
  readonly #weather: Weather;
  #inFlight: InFlight[] = [];
  /** Wakes one run that stands still each. */
  readonly #frozen: (() => Promise<void>)[] = [];

  constructor(seed: number, weather: Weather) {
    this.#random = seededRandom(seed).fraction;
    this.#weather = weather;
  }

  /** Runs one execution until nobody has anything left to do. Throws when that takes too long. */
  async run(plan: Plan, options: { stopAfter?: number; deadlineSeconds?: number } = {}): Promise<void> {
    await this.rig.accept(
      { depth: 20, deadlineSeconds: options.deadlineSeconds ?? 3_600 },
      JSON.stringify(plan),
    );
    this.#send("events", hint());
    for (let step = 0; step < STEPS_MAX; step++) {
      if (step === options.stopAfter) await this.#stop();
      if (this.#random() < 0.05) await this.#frozen.shift()?.();
      const ready = this.#inFlight.filter(({ notBefore }) => notBefore <= this.rig.now);
      if (ready.length > 0) {
        await this.#deliverSome(ready);
      } else if (await this.#isAtRest()) {
        const wake = this.#frozen.shift();
        if (wake === undefined) return;
        await wake();
      } else {
        this.rig.now += LOCAL_TIMES.sweepMs;
        await this.#sweep();
      }
    }
    throw new Error(`not at rest after ${STEPS_MAX} steps`);
  }

  /** One message, or several at the same time. */
  async #deliverSome(ready: readonly InFlight[]): Promise<void> {
    const count = 1 + Math.floor(this.#random() * 3);
    const chosen = Array.from({ length: count }, () => ready[Math.floor(this.#random() * ready.length)]);
    const distinct = [...new Set(chosen)].flatMap((message) => message ?? []);
    this.#inFlight = this.#inFlight.filter((message) => !distinct.includes(message));
    await Promise.all(distinct.map((message) => this.#deliver(message)));
  }

  async #deliver({ queue, message }: InFlight): Promise<void> {
    if (queue !== "events") return this.#work(queue, message as Work);
    // Whoever delivers does not wait for a run that stands still.
    await new Promise<void>((resolve, reject) => {
      this.#reconcile(message as Hint, resolve).then(resolve, reject);
    });
  }

  async #reconcile(message: Hint, onFreeze: () => void): Promise<void> {
    const delivery = { messageId: "m", receiptHandle: "r", body: JSON.stringify(message), receiveCount: 1 };
    const reconcile = createReconciler(this.#ports(onFreeze));
    const verdict = (await reconcile([delivery])).get("m");
    if (typeof verdict !== "object") return;
    const notBefore = this.rig.now + verdict.returnAfterSeconds * 1000;
    this.#inFlight.push({ queue: "events", message, notBefore });
  }

  /** Resolves when the world has gone on for a while; `#frozen` then waits for what the run does next. */
  #freeze(onFreeze: () => void): Promise<void> {
    onFreeze();
    return new Promise((goOn) => {
      this.#frozen.push(async () => {
        goOn();
        for (let yields = 0; yields < 200; yields++) await undefined;
      });
    });
  }

  #ports(onFreeze: () => void): CoordinatorPorts {
    const fate = (chance: number): number =>
      this.#random() < chance ? 1 + Math.floor(this.#random() * 10) : Number.POSITIVE_INFINITY;
    let left = fate(this.#weather.coordinatorDies);
    let untilFrozen = fate(this.#weather.coordinatorFreezes);
    /** Requests take turns with those of other runs; a dead run makes none any more. */
    const step = async <T>(request: () => Promise<T>): Promise<T> => {
      for (let yields = Math.floor(this.#random() * 4); yields > 0; yields--) await undefined;
      if (--untilFrozen === 0) await this.#freeze(onFreeze);
      if (--left < 0) throw new RetryableError("Internal", "the process died");
      return request();
    };
    const { store } = this.rig;
    const paced: Store = {
      get: (key) => step(() => store.get(key)),
      getMany: (keys) => step(() => store.getMany(keys)),
      list: (pk, prefix) => step(() => store.list(pk, prefix)),
      create: (item) => step(() => store.create(item)),
      update: (key, change) => step(() => store.update(key, change)),
      due: (shard, now, limit) => store.due(shard, now, limit),
      newest: (listPk, options) => store.newest(listPk, options),
    };
    const queues = {
      sendWork: (agent: string, work: Work, options?: { delaySeconds?: number }) =>
        step(async () => this.#send(agent, work, options?.delaySeconds)),
    };
    const random = { ...seededRandom(), fraction: this.#random };
    return this.rig.ports({ store: paced, queues, times: LOCAL_TIMES, log: silentLog, random });
  }

  async #sweep(): Promise<void> {
    const queues = { sendHint: async (message: Hint) => this.#send("events", message) };
    await sweep({ store: this.rig.store, queues, clock: this.rig.ports().clock, log: silentLog });
  }

  #send(queue: string, message: Hint | Work, delaySeconds = 0): void {
    if (this.#random() < this.#weather.lost) return;
    const copies = this.#random() < this.#weather.doubled ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.#inFlight.push({ queue, message, notBefore: this.rig.now + delaySeconds * 1000 });
    }
  }

  async #stop(): Promise<void> {
    const permit = this.rig.permitItem();
    if (permit === undefined) return;
    this.rig.store.force({ ...permit, stopped: { at: this.rig.now, cause: "enough" } });
    this.#send("events", hint());
  }

  /** A tiny agent: one turn per message, each write under the contract of P1. */
  async #work(agent: string, { taskId }: Work): Promise<void> {
    const { store } = this.rig;
    const { executionId, n } = splitTaskId(taskId);
    const item = await store.get(taskKey(agent, taskId));
    if (item === undefined) return;
    const record = TaskRecord.parse(item);
    // P8: a delivery that finds an ended record tells again.
    if (record.status !== "SCHEDULED") return this.#tell(executionId, n, agent);
    if (record.claim !== undefined && record.claim.leaseUntil + LOCAL_TIMES.stealMarginMs > this.rig.now)
      return;

    const epoch = record.epoch + 1;
    const claim = {
      owner: `${agent}-${epoch}`,
      leaseUntil: this.rig.now + LOCAL_TIMES.leaseMs,
      messageId: "m",
    };
    const claimed = await store.update(taskKey(agent, taskId), {
      set: [
        [["claim"], claim],
        [["epoch"], epoch],
      ],
      add: [[["version"], 1]],
      when: [{ path: ["version"], is: "equal", value: record.version }],
    });
    if (claimed === "refused" || this.#random() < this.#weather.agentDies) return;

    const outcome = (await this.#isStopped(n)) ? aborted : outcomeOf(record);
    const written = await store.update(taskKey(agent, taskId), {
      set: [...outcome.set, [["turns"], record.turns + 1], [["progress"], outcome.progress]],
      add: [[["version"], 1]],
      remove: [["claim"]],
      when: [
        { path: ["status"], is: "equal", value: "SCHEDULED" },
        { path: ["epoch"], is: "equal", value: epoch },
      ],
    });
    if (written === "applied") this.#tell(executionId, n, agent);
  }

  async #isStopped(n: number): Promise<boolean> {
    const permit = Permit.parse(await this.rig.store.get(permitKey(EXECUTION_ID)));
    return permit.stopped !== undefined || permit.stops[n] !== undefined;
  }

  /** Nobody will look at it again. */
  async #isAtRest(): Promise<boolean> {
    if (this.#inFlight.length > 0) return false;
    return (await this.rig.store.get(stateKey(EXECUTION_ID)))?.["nextCheckAt"] === undefined;
  }

  #tell(executionId: ExecutionId, task: number, agent: string): void {
    // Half of them without the agent's name, as somebody who does not know it would.
    const named = this.#random() < 0.5 ? { agent } : {};
    this.#send("events", { v: 1, kind: "look", executionId, task, ...named });
  }
}

interface Outcome {
  readonly set: ReadonlyArray<readonly [Path, Attribute]>;
  readonly progress: string;
}

const aborted: Outcome = {
  set: [
    [["status"], "FAILED"],
    [["failure"], { name: "Aborted", message: "enough" }],
  ],
  progress: "",
};

/** What the next turn of the record's plan makes of it. Answers so far are kept in `progress`. */
const outcomeOf = (record: TaskRecord): Outcome => {
  const { task } = record.request.packet;
  const plan = JSON.parse("inline" in task ? task.inline : "") as Plan;
  const turn = plan.turns[record.turns] ?? { answer: "" };
  const progress = record.progress + toldBy(record);
  if ("fail" in turn) {
    return {
      set: [
        [["status"], "FAILED"],
        [["failure"], { name: turn.fail, message: "planned" }],
      ],
      progress,
    };
  }
  if ("answer" in turn) {
    const text = `${record.agent}:${turn.answer}${progress}`;
    return {
      set: [
        [["status"], "SUCCEEDED"],
        [["answer"], { text }],
      ],
      progress,
    };
  }
  const k = (record.suspension?.k ?? 0) + 1;
  const calls = turn.handoffs.map((handoff, index) => ({
    callId: `${record.taskId}-${k}-${index}`,
    mode: handoff.mode,
    onFailure: handoff.onFailure,
    ...(handoff.deadlineSeconds === undefined ? {} : { deadlineSeconds: handoff.deadlineSeconds }),
    to: handoff.to.map(({ agent, plan: part }) => ({
      agent,
      packet: { task: { inline: JSON.stringify(part) }, artifacts: [] },
    })),
  }));
  const suspension = { k, turn: record.turns + 1, calls };
  return {
    set: [
      [["status"], "SUSPENDED"],
      [["suspension"], suspension as Attribute],
    ],
    progress,
  };
};

/** The joined answers that this turn was given; an attempt after them was given them before. */
const toldBy = ({ answers, suspension, turns }: TaskRecord): string =>
  answers === undefined || suspension?.turn !== turns ? "" : tell(answers);

const tell = ({ results }: JoinedAnswers): string =>
  `[${results
    .map(({ branches }) =>
      branches
        .map(({ status, answer, error }) =>
          answer !== undefined && "text" in answer ? answer.text : `${status}-${error?.name}`,
        )
        .join(","),
    )
    .join(";")}]`;

/**
 * What an execution of this plan must come to, by nothing but reading the plan: the reference that
 * the whole protocol is measured by. Defined while nothing in the plan depends on timing (`collect`).
 */
export const expectedOutcome = (plan: Plan, agent = "coder"): { answer: string } | { failure: string } => {
  let progress = "";
  for (const turn of plan.turns) {
    if ("answer" in turn) return { answer: `${agent}:${turn.answer}${progress}` };
    if ("fail" in turn) {
      // The default policy retries what may pass; the next turn is then the next attempt's.
      if (turn.fail === "RateLimited" || turn.fail === "ModelUnavailable") continue;
      return { failure: turn.fail };
    }
    const outcomes = turn.handoffs.map(({ to }) =>
      to.map((target) => expectedOutcome(target.plan, target.agent)),
    );
    if (turn.handoffs[0]?.mode === "transfer") return outcomes[0]?.[0] ?? { failure: "none" };
    const told = outcomes.map((branches) =>
      branches
        .map((outcome) => ("answer" in outcome ? outcome.answer : `failed-${outcome.failure}`))
        .join(","),
    );
    progress += `[${told.join(";")}]`;
  }
  return { answer: `${agent}:${progress}` };
};
