import { z } from "zod";

/**
 * One execution: 26 characters of Crockford base32, time-ordered when made by us
 * (48 bits of milliseconds, 80 random bits), derived from tenant and key when the
 * caller sent an `Idempotency-Key`.
 */
export const ExecutionId = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/);
export type ExecutionId = z.infer<typeof ExecutionId>;

/**
 * The number of a task within its execution, from 1; the entry task is 1. Numbers above
 * `tasksMax` belong to branches that failed at once as TooManyTasks.
 */
export const TaskNumber = z.int().min(1).max(999);
export type TaskNumber = z.infer<typeof TaskNumber>;

/** `<executionId>.<n>`: derived, so that the same decision always names the same task. */
export const TaskId = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}\.[1-9][0-9]{0,2}$/);
export type TaskId = z.infer<typeof TaskId>;

/** The folder name under `functions/agents/`. */
export const AgentName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);
export type AgentName = z.infer<typeof AgentName>;

/** Stands where an agent's name does for what the caller of the API brought; no agent may have it. */
export const CALLER = "caller";

/** Milliseconds since the epoch, UTC. Every `…At` field of every contract is one. */
export const Instant = z.int().nonnegative();
export type Instant = z.infer<typeof Instant>;

export const taskIdOf = (executionId: ExecutionId, n: TaskNumber): TaskId => `${executionId}.${n}`;

/** The parts of a task id that has been parsed with `TaskId`. */
export const splitTaskId = (taskId: TaskId): { executionId: ExecutionId; n: TaskNumber } => {
  const [executionId = "", n = ""] = taskId.split(".");
  return { executionId, n: Number(n) };
};
