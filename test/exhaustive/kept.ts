import type { Command } from "../../functions/shared/contracts/command.ts";
import type { TaskNumber } from "../../functions/shared/contracts/ids.ts";
import type { Item } from "../../functions/shared/contracts/item.ts";
import type { TaskRecord } from "../../functions/shared/contracts/task-record.ts";

/** A record, and every fact that it has ever been: a slow reader may still hold any of them. */
export interface KeptRecord {
  readonly item: Item & TaskRecord;
  readonly facts: readonly number[];
  /** Equal for records that differ only in whose they are. */
  readonly code: string;
}

export interface KeptCommand {
  readonly command: Command;
  /** The task that work is ordered for. */
  readonly task: TaskNumber | undefined;
  /** The tasks that are stopped. */
  readonly stops: readonly TaskNumber[] | undefined;
  readonly code: string;
}
