import { z } from "zod";
import { Failure } from "./failure.ts";
import { BranchStatus, HandoffMode, OnFailure } from "./handoff.ts";
import { AgentName, Instant, TaskNumber } from "./ids.ts";
import { ExecutionLimits } from "./limits.ts";
import { Usage } from "./usage.ts";

const HandoffNumber = z.int().min(1);

/**
 * Recorded facts, past tense, without number and time. Statuses, tasks and handoffs of an
 * execution are the fold of these (`coordinator/core/apply-event.ts`). A `preview` is text for people.
 */
export const EventBody = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("ExecutionStarted"),
    agent: AgentName,
    preview: z.string(),
    limits: ExecutionLimits,
  }),
  z.object({
    type: z.literal("TaskScheduled"),
    task: TaskNumber,
    agent: AgentName,
    depth: z.int().nonnegative(),
    /** The handoff that asked for it; absent for the entry task. */
    handoff: HandoffNumber.optional(),
  }),
  z.object({
    type: z.literal("HandoffRequested"),
    handoff: HandoffNumber,
    task: TaskNumber,
    /** Which suspension of the requester this call belongs to. */
    k: z.int().min(1),
    callId: z.string(),
    /** How many handoff calls that suspension has, when more than one. */
    calls: z.int().min(2).optional(),
    mode: HandoffMode,
    branches: z.array(z.object({ task: TaskNumber, agent: AgentName, preview: z.string() })).min(1),
    onFailure: OnFailure,
    deadlineAt: Instant.optional(),
    /** What the requester had done and used when it suspended. */
    turns: z.int().nonnegative(),
    usage: Usage,
  }),
  z.object({
    type: z.literal("HandoffCompleted"),
    handoff: HandoffNumber,
    results: z.array(z.object({ task: TaskNumber, agent: AgentName, status: BranchStatus })),
  }),
  z.object({ type: z.literal("TaskResumed"), task: TaskNumber, k: z.int().min(1) }),
  z.object({
    type: z.literal("TaskSucceeded"),
    task: TaskNumber,
    attempt: z.int().min(1),
    turns: z.int().nonnegative(),
    usage: Usage,
    preview: z.string(),
    /** Set when a transfer's target answered in this task's place. */
    via: TaskNumber.optional(),
  }),
  z.object({
    type: z.literal("TaskFailed"),
    task: TaskNumber,
    attempt: z.int().min(1),
    turns: z.int().nonnegative(),
    usage: Usage,
    failure: Failure,
    via: TaskNumber.optional(),
  }),
  z.object({
    type: z.literal("TaskRetryScheduled"),
    task: TaskNumber,
    /** The attempt that is now scheduled. */
    attempt: z.int().min(2),
    delaySeconds: z.int().nonnegative(),
  }),
  z.object({ type: z.literal("TaskTimedOut"), task: TaskNumber, cause: z.enum(["handoff", "execution"]) }),
  z.object({ type: z.literal("TaskAborted"), task: TaskNumber, cause: z.string() }),
  z.object({ type: z.literal("ExecutionSucceeded"), task: TaskNumber, preview: z.string() }),
  z.object({ type: z.literal("ExecutionFailed"), failure: Failure }),
  z.object({ type: z.literal("ExecutionTimedOut"), failure: Failure }),
  z.object({ type: z.literal("ExecutionAborted"), cause: z.string() }),
]);
export type EventBody = z.infer<typeof EventBody>;

/** P15: numbered from 1 over the execution, without gaps. */
const Numbered = z.object({ n: z.int().min(1), at: Instant });
type Option = (typeof EventBody.options)[number];
const [first, ...others] = EventBody.options.map(
  (body): Option => z.object({ ...Numbered.shape, ...body.shape }) as unknown as Option,
);

export type HistoryEvent = z.infer<typeof Numbered> & EventBody;
/** One union of whole events: an intersection would parse each event twice and merge the halves. */
export const HistoryEvent = z.discriminatedUnion("type", [
  first as Option,
  ...others,
]) as unknown as z.ZodType<HistoryEvent>;
