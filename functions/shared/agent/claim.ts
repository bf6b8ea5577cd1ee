import type { TaskId } from "../contracts/ids.ts";
import { LIMITS } from "../contracts/limits.ts";
import { taskKey } from "../contracts/resources.ts";
import type { Delivery, Verdict } from "../ports/queues.ts";
import type { Condition, Written } from "../ports/store.ts";
import type { AgentPorts } from "./agent-ports.ts";
import { orUnsure } from "./or-unsure.ts";
import { progressOf, readTask, type StoredTask } from "./stored-task.ts";

/** The right to work on one task: good until a higher epoch is in the record. */
export interface Held {
  readonly task: StoredTask;
  readonly epoch: number;
  readonly owner: string;
  readonly leaseUntil: number;
  /** P5: a predecessor may still be frozen somewhere, with a reservation in mind. */
  readonly isTakeover: boolean;
  /** P7: too many takeovers without progress. */
  readonly isCrashLoop: boolean;
}

export type Claimed =
  | { readonly kind: "held"; readonly held: Held }
  /** P8: nothing to do but to tell (again) what the record says. */
  | { readonly kind: "told"; readonly task: StoredTask }
  | { readonly kind: "leave"; readonly verdict: Verdict };

/**
 * P7: claims a task, with the next epoch, on the whole version that was read. A refusal settles
 * nothing (the write may have been applied): the record is read again and compared by owner.
 */
export const claimTask = async (
  ports: AgentPorts,
  agent: string,
  taskId: TaskId,
  delivery: Delivery,
): Promise<Claimed> => {
  const owner = `${agent}-${Buffer.from(ports.random.bytes(12)).toString("hex")}`;
  for (let tries = 1; tries <= LIMITS.commitTriesMax; tries++) {
    const task = await readTask(ports.store, agent, taskId);
    if (task === "absent" || task === "unreadable") {
      // The record comes before its message, so this message is nobody's; what cannot be read is the coordinator's to end.
      ports.log.error("no such task", {
        code: task === "absent" ? "ORPHAN_WORK" : "RECORD_UNREADABLE",
        taskId,
      });
      return { kind: "leave", verdict: "done" };
    }
    const { record } = task;
    if (record.status !== "SCHEDULED") return { kind: "told", task };
    if (record.claim?.owner === owner) {
      return { kind: "held", held: asHeld(task, owner, record.claim.leaseUntil) };
    }
    const now = ports.clock.now();
    if (record.claim !== undefined && record.claim.leaseUntil + ports.times.stealMarginMs > now) {
      return { kind: "leave", verdict: duplicateOf(record.claim, delivery, ports, now) };
    }
    const leaseUntil = now + ports.times.leaseMs;
    const isTakeover = record.claim !== undefined;
    const progress = progressOf(task);
    const crashes = progress !== record.progress ? 0 : record.crashes + (isTakeover ? 1 : 0);
    const claim = { owner, leaseUntil, messageId: delivery.messageId };
    const written = await orUnsure(
      ports.store.update(taskKey(agent, taskId), {
        set: [
          [["claim"], claim],
          [["epoch"], record.epoch + 1],
          [["crashes"], crashes],
          [["progress"], progress],
        ],
        add: [[["version"], 1]],
        remove: [["waitsUntil"]],
        when: [
          { path: ["version"], is: "equal", value: record.version },
          { path: ["status"], is: "equal", value: "SCHEDULED" },
        ],
      }),
    );
    if (written === "applied") {
      const claimed = {
        ...record,
        claim,
        crashes,
        progress,
        epoch: record.epoch + 1,
        version: record.version + 1,
      };
      return {
        kind: "held",
        held: { ...asHeld({ ...task, record: claimed }, owner, leaseUntil), isTakeover },
      };
    }
  }
  return { kind: "leave", verdict: { returnAfterSeconds: 1 } };
};

const asHeld = (task: StoredTask, owner: string, leaseUntil: number): Held => ({
  task,
  epoch: task.record.epoch,
  owner,
  leaseUntil,
  // Unknown when the claim was found by reading again; fencing the purse once too often is harmless.
  isTakeover: true,
  isCrashLoop: task.record.crashes >= LIMITS.crashesMax,
});

/** P13: only the owner's own message comes back, when its lease can be stolen; a copy is superfluous. */
const duplicateOf = (
  claim: { readonly messageId: string; readonly leaseUntil: number },
  delivery: Delivery,
  { times }: AgentPorts,
  now: number,
): Verdict => {
  if (claim.messageId !== delivery.messageId) return "done";
  return {
    returnAfterSeconds: Math.max(1, Math.ceil((claim.leaseUntil + times.stealMarginMs - now) / 1000)),
  };
};

/** What every write of an owner to its record is conditional on (P1). */
export const whileHeld = ({ epoch, owner }: Pick<Held, "epoch" | "owner">): Condition[] => [
  { path: ["status"], is: "equal", value: "SCHEDULED" },
  { path: ["epoch"], is: "equal", value: epoch },
  { path: ["claim", "owner"], is: "equal", value: owner },
];

/**
 * Gives the task back unfinished, without counting a crash: whoever is next need not wait for the lease.
 * P10: with a delay, the record says how long its message is under way; otherwise each check of the
 * coordinator would send another one, and all of them would wait and come back for ever.
 */
export const releaseClaim = (
  { store, clock, times }: AgentPorts,
  held: Held,
  delaySeconds = 0,
): Promise<Written> => {
  const { agent, taskId } = held.task.record;
  const waitsUntil = clock.now() + delaySeconds * 1000 + times.resendMs;
  return store.update(taskKey(agent, taskId), {
    set: delaySeconds === 0 ? [] : [[["waitsUntil"], waitsUntil]],
    add: [[["version"], 1]],
    remove: [["claim"]],
    when: whileHeld(held),
  });
};
