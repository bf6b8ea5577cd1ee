import type { ExecutionState } from "../shared/contracts/execution-state.ts";
import { type AgentName, type ExecutionId, type TaskNumber, taskIdOf } from "../shared/contracts/ids.ts";
import type { Item } from "../shared/contracts/item.ts";
import { LIMITS } from "../shared/contracts/limits.ts";
import type { Hint } from "../shared/contracts/messages.ts";
import { Permit } from "../shared/contracts/permit.ts";
import { type ItemKey, permitKey, stateKey, taskKey } from "../shared/contracts/resources.ts";
import { decodeState, type StoredExecution } from "../shared/contracts/stored-execution.ts";
import type { TaskRecord } from "../shared/contracts/task-record.ts";
import type { Store } from "../shared/ports/store.ts";
import { dueAt } from "./core/checks.ts";
import type { Fact } from "./core/fact.ts";
import { hasUnrequestedCalls, isTerminal, taskOf } from "./core/state.ts";
import { factOf, readRecord } from "./facts.ts";

export interface Sight {
  readonly stored: StoredExecution;
  readonly facts: readonly Fact[];
  /** The records that were read and could be; carrying out commands need not read them again. */
  readonly records: ReadonlyMap<TaskNumber, TaskRecord>;
}

export type Look =
  | ({ readonly kind: "seen" } & Sight)
  | { readonly kind: "orphan" }
  | { readonly kind: "unreadable"; readonly reason: string };

/** Where a record is, and what was there. */
interface Place {
  readonly task: TaskNumber;
  readonly agent: AgentName;
  readonly item?: Item | undefined;
}

const StopsOfPermit = Permit.pick({ stopped: true });

/**
 * Reads STATE, PERMIT and the hinted records in one request, and all open records too when a
 * hint names no task or something is due (P12). Nothing is believed of a hint but where to look.
 */
export const look = async (
  store: Store,
  executionId: ExecutionId,
  hints: readonly Hint[],
  now: number,
): Promise<Look> => {
  const hinted = hintedPlaces(hints);
  const [stateItem, permitItem, ...items] = await getAll(store, [
    stateKey(executionId),
    permitKey(executionId),
    ...hinted.map((place) => keyOf(executionId, place)),
  ]);
  if (stateItem === undefined) return { kind: "orphan" };
  const decoded = decodeState(stateItem);
  if (!decoded.ok) return { kind: "unreadable", reason: decoded.reason };
  const { state } = decoded.stored;
  if (isTerminal(state)) return { kind: "seen", stored: decoded.stored, facts: [], records: new Map() };
  const permit = StopsOfPermit.safeParse(permitItem);
  if (!permit.success) return { kind: "unreadable", reason: "the permit is missing or not readable" };

  const isFull = hints.some(({ task }) => task === undefined) || dueAt(state) <= now;
  const seen = hinted.map((place, index) => ({ ...place, item: items[index] }));
  const missing = missingPlaces(state, hints, seen, isFull);
  const rest = await getAll(
    store,
    missing.map((place) => keyOf(executionId, place)),
  );
  seen.push(...missing.map((place, index) => ({ ...place, item: rest[index] })));

  const { facts, records } = judge(state, seen);
  if (state.eventCount === 0) facts.push({ type: "Started" });
  const { stopped } = permit.data;
  if (stopped !== undefined) facts.push({ type: "StopRequested", cause: stopped.cause });
  if (isFull) facts.push({ type: "ClockTicked" });
  return { kind: "seen", stored: decoded.stored, facts, records };
};

/** As many requests as the store's limit needs; one, nearly always, and none for no keys. */
export const getAll = async (store: Store, keys: readonly ItemKey[]): Promise<(Item | undefined)[]> => {
  const items: (Item | undefined)[] = [];
  for (let from = 0; from < keys.length; from += LIMITS.getManyMax) {
    items.push(...(await store.getMany(keys.slice(from, from + LIMITS.getManyMax))));
  }
  return items;
};

const keyOf = (executionId: ExecutionId, { task, agent }: Place): ItemKey =>
  taskKey(agent, taskIdOf(executionId, task));

/** Without doubles: one request must not ask twice for one item. */
const hintedPlaces = (hints: readonly Hint[]): Place[] => {
  const places = hints.flatMap(({ task, agent }) =>
    task === undefined || agent === undefined ? [] : { task, agent },
  );
  return [...new Map(places.map((place) => [`${place.agent}.${place.task}`, place])).values()];
};

/** What must be read besides: hinted tasks whose agent nobody told, and on a full look all that can bring news. */
const missingPlaces = (
  state: ExecutionState,
  hints: readonly Hint[],
  seen: readonly Place[],
  isFull: boolean,
): Place[] =>
  state.tasks
    .filter(
      (task) =>
        hints.some((hint) => hint.task === task.n) ||
        (isFull && (task.status === "SCHEDULED" || hasUnrequestedCalls(state, task))),
    )
    .filter((task) => !seen.some((place) => place.task === task.n && place.agent === task.agent))
    .map(({ n, agent }) => ({ task: n, agent }));

/** A record counts only where STATE says that it is; elsewhere a hint has made us read something else. */
const judge = (
  state: ExecutionState,
  seen: readonly Place[],
): { facts: Fact[]; records: Map<TaskNumber, TaskRecord> } => {
  const facts: Fact[] = [];
  const records = new Map<TaskNumber, TaskRecord>();
  for (const { task: n, agent, item } of seen) {
    const task = taskOf(state, n);
    if (task?.agent !== agent) continue;
    const record = readRecord(item, taskIdOf(state.executionId, n));
    facts.push(factOf(task, record));
    if (typeof record === "object") records.set(n, record);
  }
  return { facts, records };
};
