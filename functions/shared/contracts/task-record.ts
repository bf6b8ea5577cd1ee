import { z } from "zod";
import { Failure } from "./failure.ts";
import { Answer, BranchResult, HandoffCall, Packet } from "./handoff.ts";
import { AgentName, ExecutionId, Instant, TaskId } from "./ids.ts";
import { ExecutionLimits, LIMITS } from "./limits.ts";
import { Usage } from "./usage.ts";
import { BlobRef, Value } from "./value.ts";

/** What the coordinator asks of an agent. Written once, when the task is created. */
export const TaskRequest = z.object({
  packet: Packet,
  /** Who asked: an agent, or `null` for the caller of the API. */
  from: AgentName.nullable(),
  /** 0 for the entry task; one more with each handoff, transfers included. */
  depth: z.int().nonnegative(),
  deadlineAt: Instant,
  /** This task's share of `answersInlineBytesMax`; larger answers become blobs. */
  answerInlineBytes: z.int().positive(),
  limits: ExecutionLimits,
  /** Marks of what was asked of all those above this task, the entry task first (handoff-trail.ts). */
  trail: z.array(z.string()).max(LIMITS.depthMax).optional(),
});
export type TaskRequest = z.infer<typeof TaskRequest>;

/** P7. `messageId` tells a duplicate delivery from the owner's own message (P13). */
export const Claim = z.object({
  owner: z.string().min(1),
  leaseUntil: Instant,
  messageId: z.string(),
});
export type Claim = z.infer<typeof Claim>;

/** The handoff calls and questions of one turn; the task resumes once, when all have joined. */
export const Suspension = z.object({
  /** Which suspension of this task, from 1; a turn suspends its task at most once. */
  k: z.int().min(1).max(LIMITS.turnsPerTaskMax),
  turn: z.int().min(1),
  calls: z.array(HandoffCall).min(1).max(LIMITS.toolCallsPerTurnMax),
  /** The `trail` of the tasks that this suspension begins. */
  trail: z.array(z.string()).max(LIMITS.depthMax).optional(),
});
export type Suspension = z.infer<typeof Suspension>;

/** What the join of suspension `k` brought, per handoff call. */
export const JoinedAnswers = z.object({
  k: z.int().min(1),
  results: z.array(z.object({ callId: z.string(), branches: z.array(BranchResult) })),
});
export type JoinedAnswers = z.infer<typeof JoinedAnswers>;

const base = {
  version: z.int().min(1),
  executionId: ExecutionId,
  taskId: TaskId,
  agent: AgentName,
  tenant: z.string(),
  attempt: z.int().min(1),
  epoch: z.int().min(1),
  request: TaskRequest,
  usage: Usage,
  turns: z.int().nonnegative(),
  /** P7: takeovers since the last progress, and what progress looked like then. */
  crashes: z.int().nonnegative(),
  progress: z.string(),
  answers: JoinedAnswers.optional(),
  /** P10: until then a message of an unclaimed task is on its way, held back by whoever gave it back. */
  waitsUntil: Instant.optional(),
  expiresAt: z.int(),
};

/**
 * The truth about one task (P1). `SCHEDULED`: the claiming agent writes, with its own epoch.
 * Absent, `FAILED`, `SUSPENDED`: the coordinator writes. `SUCCEEDED`: nobody. A person's record is
 * never claimed: the API writes the first answer that finds it `SCHEDULED`.
 */
export const TaskRecord = z.discriminatedUnion("status", [
  z.object({
    ...base,
    status: z.literal("SCHEDULED"),
    claim: Claim.optional(),
    suspension: Suspension.optional(),
  }),
  z.object({ ...base, status: z.literal("SUSPENDED"), suspension: Suspension }),
  z.object({
    ...base,
    status: z.literal("SUCCEEDED"),
    answer: Answer,
    /** Of a question: who answered, as the gateway knows them, and when. */
    answeredBy: z.object({ caller: z.string(), at: Instant }).optional(),
    suspension: Suspension.optional(),
  }),
  z.object({ ...base, status: z.literal("FAILED"), failure: Failure, suspension: Suspension.optional() }),
]);
export type TaskRecord = z.infer<typeof TaskRecord>;

/** One assistant message, verbatim (P6: create-only). */
export const TurnRecord = z.object({
  n: z.int().min(1),
  /** Of which attempt: a cut or empty message ends this one, and no later one (P14). */
  attempt: z.int().min(1),
  epoch: z.int(),
  at: Instant,
  /** JSON of the content blocks exactly as the provider sent them. */
  message: Value,
  stopReason: z.string().nullable(),
  model: z.string(),
  requestId: z.string().nullable(),
  usage: Usage,
  /**
   * The turn was asked for notes of the conversation, which begins anew after it: with the request and
   * `restart`. Without one the turn brought no notes, and everything is as before it.
   */
  notes: z.object({ restart: Value.optional() }).optional(),
  /** JSON of the handoff results that this turn was given: `{ callId, content }[]`. */
  given: Value.optional(),
  /** What this turn was told beside the rest: that little is left of a budget. */
  notice: z.string().max(4096).optional(),
  /** With turn 1: JSON of system prompt and tool schemas, so that a deploy changes no running task. */
  snapshot: Value.optional(),
});
export type TurnRecord = z.infer<typeof TurnRecord>;

/**
 * What a repetition after a crash may do (P6): `readOnly` and `idempotent` calls are repeated by
 * whoever takes over; an `external` call that was started is never started again.
 */
export const ToolEffect = z.enum(["readOnly", "idempotent", "external"]);
export type ToolEffect = z.infer<typeof ToolEffect>;

/** One tool call of one turn: the effect ledger. */
export const CallRecord = z.object({
  turn: z.int().min(1),
  index: z.int().nonnegative(),
  callId: z.string(),
  tool: z.string(),
  /** As the tool declared it when the call was started; absent when nothing was run. */
  effect: ToolEffect.optional(),
  status: z.enum(["started", "finished", "unknown"]),
  /** The input as the model gave it, JSON, at most 1 KiB of it: for people. */
  input: z.string(),
  startedAt: Instant,
  finishedAt: Instant.optional(),
  result: z.object({ content: Value, isError: z.boolean() }).optional(),
});
export type CallRecord = z.infer<typeof CallRecord>;

/** One file of an execution's workspace: an index entry over immutable blobs. */
export const FileRecord = z.object({
  path: z.string(),
  version: z.int().min(1),
  blob: BlobRef,
  by: AgentName,
  taskId: TaskId,
  at: Instant,
  /** The tool call that wrote this version, so that the call can be repeated after a crash. */
  call: z.string().optional(),
});
export type FileRecord = z.infer<typeof FileRecord>;
