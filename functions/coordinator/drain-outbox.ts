import type { OutboxEntry } from "../shared/contracts/command.ts";
import type { TaskNumber } from "../shared/contracts/ids.ts";
import { stateKey } from "../shared/contracts/resources.ts";
import type { StoredExecution } from "../shared/contracts/stored-execution.ts";
import type { CoordinatorPorts } from "../shared/ports/coordinator-ports.ts";
import type { Change, Path } from "../shared/ports/store.ts";
import { type Assignment, carryOut } from "./carry-out.ts";
import { removeCheck, setCheck } from "./commit.ts";
import { nextCheckAt } from "./core/checks.ts";
import { withRequesters } from "./new-record.ts";

/**
 * Carries out committed commands, at least once each: in order, but neighbours of one kind side by
 * side, since they are about different tasks. Every entry that was carried out is removed, also
 * when a later one throws (P9); then rejects with what was thrown.
 */
export const drainOutbox = async (
  ports: CoordinatorPorts,
  assignment: Assignment,
  entries: readonly OutboxEntry[],
): Promise<void> => {
  const done: OutboxEntry[] = [];
  let hasFailed = true;
  try {
    const informed = await withRequesters(ports.store, assignment, entries);
    const sent = new Map<TaskNumber, Promise<void>>();
    // P10: looks whose drains died have each ordered one, and one message is enough for them all.
    const carryOutOnce = (entry: OutboxEntry): Promise<void> => {
      const { command } = entry;
      if (command.type !== "SendWork") return carryOut(ports, informed, entry);
      const sending = sent.get(command.task) ?? carryOut(ports, informed, entry);
      sent.set(command.task, sending);
      return sending;
    };
    for (const alike of neighboursOfOneKind(entries)) {
      const outcomes = await Promise.allSettled(alike.map(carryOutOnce));
      done.push(...alike.filter((_, index) => outcomes[index]?.status === "fulfilled"));
      const failed = outcomes.find((outcome) => outcome.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    }
    hasFailed = false;
  } finally {
    if (done.length > 0) await removeEntries(ports, assignment.stored, done, hasFailed);
  }
};

const neighboursOfOneKind = (entries: readonly OutboxEntry[]): OutboxEntry[][] => {
  const groups: OutboxEntry[][] = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    if (last?.[0]?.command.type === entry.command.type) last.push(entry);
    else groups.push([entry]);
  }
  return groups;
};

/**
 * By id and whatever the version, so that a commit of somebody else is no obstacle. If nobody has
 * committed, the same write puts `nextCheckAt` right: a drained outbox is no reason to look again.
 */
const removeEntries = async (
  ports: CoordinatorPorts,
  stored: StoredExecution,
  done: readonly OutboxEntry[],
  hasFailed: boolean,
): Promise<void> => {
  const { store, clock, times } = ports;
  const key = stateKey(stored.state.executionId);
  const remove = done.map(({ id }): Path => ["outbox", id]);
  // P16: only a run that came to its end forgives those that threw.
  const forget: Change["set"] = hasFailed || stored.throws === 0 ? [] : [[["throws"], 0]];
  const left = stored.outbox.filter((entry) => !done.includes(entry));
  const context = { now: clock.now(), times };
  const checkAt = nextCheckAt({ state: stored.state, postponed: false }, left.length === 0, context);
  if (checkAt !== stored.nextCheckAt) {
    const written = await store.update(key, {
      set: [...setCheck(checkAt), ...forget],
      remove: [...remove, ...removeCheck(checkAt)],
      when: [{ path: ["version"], is: "equal", value: stored.version }],
    });
    if (written === "applied") return;
  }
  await store.update(key, { set: forget, remove, when: [] });
};
