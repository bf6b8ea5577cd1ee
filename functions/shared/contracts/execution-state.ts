import { z } from "zod";
import { Failure } from "./failure.ts";
import { HandoffMode, OnFailure } from "./handoff.ts";
import { AgentName, ExecutionId, Instant, TaskNumber } from "./ids.ts";
import { ExecutionLimits } from "./limits.ts";
import { Usage } from "./usage.ts";
import { Value } from "./value.ts";

export const ExecutionStatus = z.enum(["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]);
export type ExecutionStatus = z.infer<typeof ExecutionStatus>;

export const TaskStatus = z.enum(["SCHEDULED", "SUSPENDED", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]);
export type TaskStatus = z.infer<typeof TaskStatus>;

export const TaskState = z.object({
  n: TaskNumber,
  agent: AgentName,
  depth: z.int().nonnegative(),
  /** The handoff that this task is a branch of; absent for the entry task. */
  handoff: z.int().min(1).optional(),
  status: TaskStatus,
  attempt: z.int().min(1),
  /** How many suspensions of this task have been carried out. */
  suspensions: z.int().nonnegative(),
  turns: z.int().nonnegative(),
  usage: Usage,
  failure: Failure.optional(),
  /** The task whose record holds the answer, when a transfer gave this one's place away. */
  via: TaskNumber.optional(),
  scheduledAt: Instant,
  endedAt: Instant.optional(),
});
export type TaskState = z.infer<typeof TaskState>;

export const HandoffState = z.object({
  n: z.int().min(1),
  requester: TaskNumber,
  k: z.int().min(1),
  callId: z.string(),
  /** How many handoff calls suspension `k` has, when more than one: the task resumes when all have joined. */
  calls: z.int().min(2).optional(),
  mode: HandoffMode,
  branches: z.array(TaskNumber).min(1),
  onFailure: OnFailure,
  deadlineAt: Instant.optional(),
  status: z.enum(["OPEN", "JOINED"]),
});
export type HandoffState = z.infer<typeof HandoffState>;

/** Not part of the fold: when to look at an open task again, and how long to wait after that (P10). */
export const TaskCheck = z.object({ at: Instant, intervalMs: z.int().positive() });
export type TaskCheck = z.infer<typeof TaskCheck>;

/** The value folded from history that `decide` takes. Answers are never in it. */
export const ExecutionState = z.object({
  schema: z.literal(1),
  executionId: ExecutionId,
  tenant: z.string(),
  createdAt: Instant,
  deadlineAt: Instant,
  expiresAt: z.int(),
  agent: AgentName,
  input: Value,
  limits: ExecutionLimits,
  status: ExecutionStatus,
  endedAt: Instant.optional(),
  failure: Failure.optional(),
  /** The task whose record holds the output; set when SUCCEEDED. */
  outputTask: TaskNumber.optional(),
  tasks: z.array(TaskState),
  handoffs: z.array(HandoffState),
  /** Keyed by task number; open tasks only. */
  checks: z.record(z.string(), TaskCheck),
  eventCount: z.int().nonnegative(),
});
export type ExecutionState = z.infer<typeof ExecutionState>;

export type NewExecution = Pick<
  ExecutionState,
  "executionId" | "tenant" | "createdAt" | "expiresAt" | "agent" | "input" | "limits"
>;

/** The state of an execution that was accepted and that nobody has looked at yet. */
export const initialState = (execution: NewExecution): ExecutionState => ({
  schema: 1,
  ...execution,
  deadlineAt: execution.createdAt + execution.limits.deadlineSeconds * 1000,
  status: "RUNNING",
  tasks: [],
  handoffs: [],
  checks: {},
  eventCount: 0,
});
