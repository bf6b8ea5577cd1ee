import type { z } from "zod";
import type { AgentName, TaskId } from "../contracts/ids.ts";
import type { Item } from "../contracts/item.ts";
import { CALL_PREFIX, TURN_PREFIX, taskPartition } from "../contracts/resources.ts";
import { CallRecord, TaskRecord, TurnRecord } from "../contracts/task-record.ts";
import { TerminalError } from "../kernel/errors.ts";
import type { Store } from "../ports/store.ts";

/** One task's partition as one consistent list returned it. */
export interface StoredTask {
  readonly record: TaskRecord;
  readonly turnItems: readonly Item[];
  readonly callItems: readonly Item[];
}

/** `absent`: no such task. `unreadable`: a newer schema, or damage; nobody may guess what it says. */
export const readTask = async (
  store: Store,
  agent: AgentName,
  taskId: TaskId,
): Promise<StoredTask | "absent" | "unreadable"> => {
  const items = await store.list(taskPartition(agent, taskId));
  const recordItem = items.find((item) => item.sk === "TASK");
  if (recordItem === undefined) return "absent";
  const record = TaskRecord.safeParse(recordItem);
  if (!record.success) return "unreadable";
  return {
    record: record.data,
    turnItems: items.filter((item) => item.sk.startsWith(TURN_PREFIX)),
    callItems: items.filter((item) => item.sk.startsWith(CALL_PREFIX)),
  };
};

/**
 * P7: what a claim found. Two takeovers with the same fingerprint have no TURN, CALL or answer
 * between them; a new attempt starts a new count.
 */
export const progressOf = ({ record, turnItems, callItems }: StoredTask): string => {
  const settled = callItems.filter((item) => item["status"] !== "started").length;
  return [record.attempt, turnItems.length, callItems.length, settled, record.answers?.k ?? 0].join(".");
};

/** A stored TURN or CALL; rejects with `CheckpointLost` when it is not what it must be [bad-input 42]. */
export const parseTurn = (item: Item): TurnRecord => parse(TurnRecord, item);
export const parseCall = (item: Item): CallRecord => parse(CallRecord, item);

const parse = <Schema extends z.ZodType>(schema: Schema, item: Item): z.output<Schema> => {
  const parsed = schema.safeParse(item);
  if (!parsed.success) throw new TerminalError("CheckpointLost", `${item.sk} of this task cannot be read`);
  return parsed.data;
};
