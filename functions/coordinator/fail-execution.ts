import { ExecutionStatus } from "../shared/contracts/execution-state.ts";
import type { Failure } from "../shared/contracts/failure.ts";
import type { ExecutionId } from "../shared/contracts/ids.ts";
import type { Item } from "../shared/contracts/item.ts";
import { LIMITS } from "../shared/contracts/limits.ts";
import { permitKey, stateKey } from "../shared/contracts/resources.ts";
import { encodeState } from "../shared/contracts/stored-execution.ts";
import type { CoordinatorPorts } from "../shared/ports/coordinator-ports.ts";
import type { Condition } from "../shared/ports/store.ts";
import { moveFullEvents, removeCheck } from "./commit.ts";
import { giveUp } from "./core/ending.ts";
import { logEvents } from "./event-lines.ts";
import { salvage } from "./salvage.ts";

/**
 * P16: ends an execution that cannot be gone on with, whatever state its STATE item is in, so that
 * nobody looks at it again. The purse is closed first. The old body is kept in the item for people.
 */
export const failExecution = async (
  ports: CoordinatorPorts,
  executionId: ExecutionId,
  failure: Failure,
): Promise<void> => {
  const { store, clock, log } = ports;
  const now = clock.now();
  await store.update(permitKey(executionId), {
    set: [[["stopped"], { at: now, cause: failure.name }]],
    when: [{ path: ["stopped"], is: "missing" }],
  });
  for (let tries = 1; tries <= LIMITS.commitTriesMax; tries++) {
    const item = await store.get(stateKey(executionId));
    if (item === undefined) return;
    const written = isEnded(item) ? await unlist(ports, item) : await end(ports, executionId, item, failure);
    if (written === "refused") continue;
    log.error("execution was ended", { code: failure.name, executionId, bytes: sizeOf(item) });
    return;
  }
  // P11: it is still to be checked, so that the next look comes back to it.
  log.warn("too many conflicts", { code: "CONFLICT", executionId });
};

/** Counts a handler run that threw; `true` when it was one too many. */
export const countThrow = async ({ store }: CoordinatorPorts, executionId: ExecutionId): Promise<boolean> => {
  const item = await store.get(stateKey(executionId));
  if (item === undefined) return false;
  const throws = (typeof item["throws"] === "number" ? item["throws"] : 0) + 1;
  if (throws >= LIMITS.handlerThrowsMax) return true;
  await store.update(stateKey(executionId), { set: [[["throws"], throws]], when: unchanged(item) });
  return false;
};

const isEnded = (item: Item): boolean => {
  const status = ExecutionStatus.safeParse(item["status"]);
  return status.success && status.data !== "RUNNING";
};

/**
 * P15: what has ended stays as it is, even if nobody can read it. Commands of an ended execution are
 * stops, and the purse is closed.
 */
const unlist = ({ store }: CoordinatorPorts, item: Item) =>
  store.update(item, { set: [[["outbox"], {}]], remove: removeCheck(undefined), when: unchanged(item) });

const end = async (
  { store, agents, times, clock, log }: CoordinatorPorts,
  executionId: ExecutionId,
  item: Item,
  failure: Failure,
) => {
  const { state, events } = salvage(item, executionId);
  const kept = await moveFullEvents(store, { state, events });
  const context = { now: clock.now(), agents, times, outboxRoom: 0 };
  const decision = giveUp(state, failure, context);
  const encoded = encodeState(decision.state, [...kept, ...decision.events]);
  const version = typeof item["version"] === "number" ? item["version"] : 0;
  const written = await store.update(stateKey(executionId), {
    set: [
      [["version"], version + 1],
      [["status"], encoded.status],
      [["body"], encoded.body],
      [["events"], encoded.events],
      [["outbox"], {}],
      [["throws"], 0],
      ...(typeof item["body"] === "string" ? ([[["bodyBefore"], item["body"]]] as const) : []),
    ],
    remove: removeCheck(undefined),
    when: unchanged(item),
  });
  if (written === "applied") logEvents(log, state, decision.events);
  return written;
};

/** What can be compared is; an item without any version has no other writer either. */
const unchanged = ({ version }: Item): Condition[] =>
  typeof version === "number" || typeof version === "string"
    ? [{ path: ["version"], is: "equal", value: version }]
    : [];

const sizeOf = (item: Item): number => String(item["body"] ?? "").length;
