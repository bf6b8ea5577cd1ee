import type { Attribute } from "../shared/contracts/item.ts";
import { LIMITS } from "../shared/contracts/limits.ts";
import { historyKey, stateKey } from "../shared/contracts/resources.ts";
import { encodeState, outboxEntryId, type StoredExecution } from "../shared/contracts/stored-execution.ts";
import type { Log } from "../shared/ports/log.ts";
import type { Change, Path, Store } from "../shared/ports/store.ts";
import { nextCheckAt } from "./core/checks.ts";
import type { Context, Decision } from "./core/draft.ts";
import { giveUp } from "./core/ending.ts";
import { isTerminal } from "./core/state.ts";

/**
 * The only commit point: state, events and outbox in one write, conditional on the version that
 * was read. Returns the execution as it is stored now; `undefined` when somebody else was faster,
 * or when this write was applied although the store refused it.
 */
export const commit = async (
  { store, log }: { store: Store; log: Log },
  stored: StoredExecution,
  decision: Decision,
  context: Context,
): Promise<StoredExecution | undefined> => {
  const version = stored.version + 1;
  const kept = await moveFullEvents(store, stored);
  const events = [...kept, ...decision.events];
  const encoded = encodeState(decision.state, events);
  const bytes = Buffer.byteLength(encoded.body) + Buffer.byteLength(encoded.events);
  const { executionId } = decision.state;
  if (bytes > LIMITS.stateBytesTarget) log.warn("state is large", { executionId, bytes });
  if (bytes > LIMITS.stateBytesMax && !isTerminal(decision.state)) {
    return commit({ store, log }, stored, giveUp(stored.state, tooLarge(bytes), context), context);
  }

  const entries = decision.commands.map((command, index) => ({
    id: outboxEntryId(version, index),
    at: context.now,
    command,
  }));
  const outbox = [...stored.outbox, ...entries];
  const checkAt = nextCheckAt(decision, outbox.length === 0, context);
  const written = await store.update(stateKey(executionId), {
    set: [
      [["version"], version],
      [["status"], encoded.status],
      [["body"], encoded.body],
      [["events"], encoded.events],
      // P16: with commands the run is not over; who carries them out forgets the throws.
      ...(entries.length === 0 ? [[["throws"], 0] as const] : []),
      ...entries.map((entry): [Path, Attribute] => [["outbox", entry.id], entry]),
      ...setCheck(checkAt),
    ],
    remove: removeCheck(checkAt),
    when: [{ path: ["version"], is: "equal", value: stored.version }],
  });
  if (written === "refused") return undefined;
  return { version, state: decision.state, events, outbox, nextCheckAt: checkAt, throws: stored.throws };
};

/** P11: what is stored may be earlier than needed; the look that it led to corrects it. */
export const correctCheck = async (
  store: Store,
  stored: StoredExecution,
  decision: Decision,
  context: Context,
): Promise<void> => {
  const checkAt = nextCheckAt(decision, stored.outbox.length === 0, context);
  const isEarly = stored.nextCheckAt !== undefined && stored.nextCheckAt <= context.now;
  const isNeedless = stored.nextCheckAt !== undefined && checkAt === undefined;
  if (!isNeedless && !(isEarly && checkAt !== undefined && checkAt > context.now)) return;
  await store.update(stateKey(stored.state.executionId), {
    set: setCheck(checkAt),
    remove: removeCheck(checkAt),
    when: [{ path: ["version"], is: "equal", value: stored.version }],
  });
};

export const setCheck = (checkAt: number | undefined): NonNullable<Change["set"]> =>
  checkAt === undefined ? [] : [[["nextCheckAt"], checkAt]];

/** P11: an execution that nobody must look at again leaves the index. */
export const removeCheck = (checkAt: number | undefined): Path[] =>
  checkAt === undefined ? [["nextCheckAt"], ["openPk"]] : [];

/**
 * P15: full events become a HISTORY item before the commit that drops them from STATE. Which ones
 * depends on the version read and on nothing else, so whoever else moves them moves the same.
 */
export const moveFullEvents = async (
  store: Store,
  { state, events }: Pick<StoredExecution, "state" | "events">,
): Promise<StoredExecution["events"]> => {
  const [first] = events;
  if (first === undefined || events.length < LIMITS.eventsInStateMax) return events;
  await store.create({
    ...historyKey(state.executionId, first.n),
    events: JSON.stringify(events),
    expiresAt: state.expiresAt,
  });
  return [];
};

const tooLarge = (bytes: number): { name: string; message: string } => ({
  name: "StateTooLarge",
  message: `the execution's state would take ${bytes} bytes of ${LIMITS.stateBytesMax}; it has too many tasks`,
});
