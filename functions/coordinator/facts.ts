import type { TaskState } from "../shared/contracts/execution-state.ts";
import type { Answer } from "../shared/contracts/handoff.ts";
import type { TaskNumber } from "../shared/contracts/ids.ts";
import type { Item } from "../shared/contracts/item.ts";
import { LIMITS } from "../shared/contracts/limits.ts";
import { TaskRecord } from "../shared/contracts/task-record.ts";
import { previewOf } from "../shared/contracts/value.ts";
import type { Fact } from "./core/fact.ts";

/** What the item at a task's place says: a record, nothing yet, or something that we cannot read. */
export type SeenRecord = TaskRecord | "absent" | "unreadable";

/** `task` is STATE's view: a record that claims to be another task's is not readable as this one's. */
export const readRecord = (item: Item | undefined, taskId: string): SeenRecord => {
  if (item === undefined) return "absent";
  const parsed = TaskRecord.safeParse(item);
  return parsed.success && parsed.data.taskId === taskId ? parsed.data : "unreadable";
};

/** One record, judged by what it says and nothing else. */
export const factOf = (task: TaskState, record: SeenRecord): Fact => {
  const n: TaskNumber = task.n;
  if (record === "unreadable") return { type: "TaskSeenUnreadable", task: n };
  // ScheduleTask is still in the outbox.
  if (record === "absent") return { type: "TaskSeenOpen", task: n, attempt: task.attempt };
  const { attempt, turns, usage } = record;
  switch (record.status) {
    case "SCHEDULED": {
      const leaseUntil = record.claim?.leaseUntil ?? record.waitsUntil;
      return { type: "TaskSeenOpen", task: n, attempt, ...(leaseUntil === undefined ? {} : { leaseUntil }) };
    }
    case "SUSPENDED":
      return { type: "TaskSeenSuspended", task: n, attempt, turns, usage, suspension: record.suspension };
    case "SUCCEEDED": {
      const preview = previewOf(textOf(record.answer), LIMITS.eventPreviewBytes);
      return { type: "TaskSeenSucceeded", task: n, attempt, turns, usage, preview };
    }
    case "FAILED":
      return { type: "TaskSeenFailed", task: n, attempt, turns, usage, failure: record.failure };
  }
};

const textOf = (answer: Answer): string => {
  if ("blob" in answer) return answer.preview;
  return answer.decision === "rejected" ? `rejected: ${answer.text}` : answer.text;
};
