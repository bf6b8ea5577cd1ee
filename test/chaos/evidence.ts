import { createHash } from "node:crypto";
import { createSqliteStore } from "../../functions/shared/adapters/sqlite-store.ts";
import { requestText } from "../../functions/shared/agent/request-text.ts";
import type { TaskState } from "../../functions/shared/contracts/execution-state.ts";
import { HistoryEvent } from "../../functions/shared/contracts/history-event.ts";
import { taskIdOf } from "../../functions/shared/contracts/ids.ts";
import type { Item } from "../../functions/shared/contracts/item.ts";
import { Permit } from "../../functions/shared/contracts/permit.ts";
import {
  HISTORY_PREFIX,
  permitKey,
  stateKey,
  TURN_PREFIX,
  taskPartition,
} from "../../functions/shared/contracts/resources.ts";
import { decodeState, type StoredExecution } from "../../functions/shared/contracts/stored-execution.ts";
import { TaskRecord, TurnRecord } from "../../functions/shared/contracts/task-record.ts";
import type { Store } from "../../functions/shared/ports/store.ts";

/** What the tables say of one task; `conversation` is its name in the model server's ledger. */
export interface TaskEvidence {
  readonly state: TaskState;
  readonly record: TaskRecord;
  readonly turns: readonly TurnRecord[];
  readonly conversation: string;
}

export interface ExecutionEvidence {
  readonly id: string;
  readonly stored: StoredExecution;
  /** The attributes beside the state: indexes and outbox. */
  readonly item: Item;
  readonly history: readonly HistoryEvent[];
  readonly permit: Permit;
  readonly tasks: readonly TaskEvidence[];
}

/** Reads all that is stored of these executions; what cannot be read throws. */
export const readEvidence = async (file: string, ids: readonly string[]): Promise<ExecutionEvidence[]> => {
  const store = createSqliteStore({ file });
  try {
    return await Promise.all(ids.map((id) => readExecution(store, id)));
  } finally {
    store.close();
  }
};

const readExecution = async (store: Store, id: string): Promise<ExecutionEvidence> => {
  const item = await store.get(stateKey(id));
  if (item === undefined) throw new Error(`18: ${id} was accepted and is not there`);
  const decoded = decodeState(item);
  if (!decoded.ok) throw new Error(`${id} is not readable: ${decoded.reason}`);
  const { stored } = decoded;
  const moved = await store.list(stateKey(id).pk, HISTORY_PREFIX);
  const history = [
    ...moved.flatMap((part) => JSON.parse(String(part["events"])) as unknown[]),
    ...stored.events,
  ].map((event) => HistoryEvent.parse(event) as HistoryEvent);
  const permit = Permit.parse(await store.get(permitKey(id)));
  const tasks = await Promise.all(stored.state.tasks.map((task) => readTask(store, id, task)));
  return { id, stored, item, history, permit, tasks };
};

const readTask = async (store: Store, id: string, state: TaskState): Promise<TaskEvidence> => {
  const items = await store.list(taskPartition(state.agent, taskIdOf(id, state.n)));
  const record = TaskRecord.parse(items.find(({ sk }) => sk === "TASK"));
  const turns = items.filter(({ sk }) => sk.startsWith(TURN_PREFIX)).map((item) => TurnRecord.parse(item));
  const noBlobs = { get: () => Promise.reject(new Error("a request in a blob")) };
  const { message } = await requestText(record.request, noBlobs as never);
  const conversation = createHash("sha256").update(`${state.agent}\n${message}`).digest("hex").slice(0, 16);
  return { state, record, turns, conversation };
};
