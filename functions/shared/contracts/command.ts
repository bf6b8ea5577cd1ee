import { z } from "zod";
import { Instant, TaskNumber } from "./ids.ts";
import { LIMITS } from "./limits.ts";

/**
 * Intents of the coordinator, committed with the state and carried out after it. They hold
 * numbers only: packets and answers are read from the records when the command is carried out.
 */
export const Command = z.discriminatedUnion("type", [
  /** Attempt 1 creates the record, a later one re-opens the failed record; then the work message. */
  z.object({
    type: z.literal("ScheduleTask"),
    task: TaskNumber,
    attempt: z.int().min(1),
    delaySeconds: z.int().min(0).max(LIMITS.delaySecondsMax),
  }),
  /** Writes the joined answers of suspension `k` into the record; then the work message. */
  z.object({ type: z.literal("ResumeTask"), task: TaskNumber, k: z.int().min(1) }),
  /** P10: the work message once more, nothing else. */
  z.object({ type: z.literal("SendWork"), task: TaskNumber }),
  /** P3: these branches may reserve no more. */
  z.object({ type: z.literal("StopTasks"), tasks: z.array(TaskNumber).min(1), cause: z.string() }),
  /** P3, P16: nothing of this execution may reserve any more. */
  z.object({ type: z.literal("StopExecution"), cause: z.string() }),
]);
export type Command = z.infer<typeof Command>;

/** A committed command that may not have been carried out yet; removed by id (P9). */
export const OutboxEntry = z.object({ id: z.string(), at: Instant, command: Command });
export type OutboxEntry = z.infer<typeof OutboxEntry>;
