import { paidFor } from "../../shared/agent/spending.ts";
import type { TaskState } from "../../shared/contracts/execution-state.ts";
import { type AgentName, type ExecutionId, taskIdOf } from "../../shared/contracts/ids.ts";
import type { Item } from "../../shared/contracts/item.ts";
import type { Reservation } from "../../shared/contracts/permit.ts";
import { CALL_PREFIX, TURN_PREFIX, taskPartition } from "../../shared/contracts/resources.ts";
import { CallRecord, TaskRecord, TurnRecord } from "../../shared/contracts/task-record.ts";
import { addUsage, NO_USAGE, type Usage } from "../../shared/contracts/usage.ts";
import type { Store } from "../../shared/ports/store.ts";

/** All that an agent has written about one task. */
export interface TaskActivity {
  /** Absent between the commit that scheduled the task and the drain that creates its record. */
  readonly record: TaskRecord | undefined;
  readonly turns: readonly TurnRecord[];
  readonly calls: readonly CallRecord[];
}

/** One query: record, turns and calls share a partition. An item that does not parse is left out. */
export const readActivity = async (
  store: Pick<Store, "list">,
  executionId: ExecutionId,
  task: { readonly agent: AgentName; readonly n: number },
): Promise<TaskActivity> => {
  const items = await store.list(taskPartition(task.agent, taskIdOf(executionId, task.n)));
  const under = (prefix: string): Item[] => items.filter(({ sk }) => sk.startsWith(prefix));
  const record = items.find(({ sk }) => sk === "TASK");
  return {
    record: record === undefined ? undefined : TaskRecord.safeParse(record).data,
    turns: under(TURN_PREFIX).flatMap((item) => TurnRecord.safeParse(item).data ?? []),
    calls: under(CALL_PREFIX).flatMap((item) => CallRecord.safeParse(item).data ?? []),
  };
};

/**
 * What an open task has used so far. STATE and the record know it as of the last suspension or
 * attempt, failed calls included; the turns as of now, without calls that left no turn. Whichever
 * counts most calls is the newest.
 */
export const usageSoFar = (task: TaskState, { record, turns }: TaskActivity): Usage => {
  const ofTurns = turns.map(({ usage }) => usage).reduce(addUsage, NO_USAGE);
  return [record?.usage ?? NO_USAGE, ofTurns].reduce(
    (most, other) => (other.calls > most.calls ? other : most),
    task.usage,
  );
};

/**
 * `model` while a reservation is open whose turn is not there yet: it is only settled with the next
 * one, after the turn's tools. Else the tool that runs; nothing while the task waits.
 */
export const doingNow = (
  task: TaskState,
  activity: TaskActivity,
  reservation: Reservation | undefined,
): string | undefined => {
  if (task.status !== "SCHEDULED" || activity.record?.status !== "SCHEDULED") return undefined;
  if (reservation !== undefined && !activity.turns.some((turn) => paidFor(reservation.id, turn)))
    return "model";
  return activity.calls.findLast(({ status }) => status === "started")?.tool;
};
