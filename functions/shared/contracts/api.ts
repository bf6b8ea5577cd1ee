import { z } from "zod";
import { ExecutionStatus, TaskStatus } from "./execution-state.ts";
import { Failure } from "./failure.ts";
import { BranchStatus, Decision, HandoffMode, OnFailure } from "./handoff.ts";
import { AgentName, ExecutionId, TaskNumber } from "./ids.ts";
import { LIMITS } from "./limits.ts";
import { QuestionView } from "./question.ts";
import { ToolEffect } from "./task-record.ts";
import { Timestamp } from "./timestamp.ts";
import { Usage } from "./usage.ts";

/** What a caller may set; whatever is absent takes the default of `limits.ts`. */
export const RequestedLimits = z
  .strictObject({
    usd: z
      .number()
      .positive()
      .max(LIMITS.microUsdMax / 1e6)
      .optional(),
    tokens: z.int().min(1).max(LIMITS.tokensMax).optional(),
    calls: z.int().min(1).max(LIMITS.callsMax).optional(),
    deadlineSeconds: z.int().min(1).max(LIMITS.deadlineSecondsMax).optional(),
    depth: z.int().min(0).max(LIMITS.depthMax).optional(),
    events: z.int().min(10).max(LIMITS.eventsMax).optional(),
  })
  .meta({ id: "RequestedLimits" });
export type RequestedLimits = z.infer<typeof RequestedLimits>;

/** A file that is in the workspace before the first agent looks. */
export const FirstFile = z
  .strictObject({ path: z.string().min(1), content: z.string() })
  .meta({ id: "FirstFile" });
export type FirstFile = z.infer<typeof FirstFile>;

export const StartExecutionBody = z
  .strictObject({
    input: z.string().min(1),
    files: z.array(FirstFile).max(LIMITS.firstFilesMax).optional(),
    /** Which agent starts; `coder` when absent. */
    agent: AgentName.optional(),
    limits: RequestedLimits.optional(),
  })
  .meta({ id: "StartExecutionBody" });
export type StartExecutionBody = z.infer<typeof StartExecutionBody>;

export const StartExecutionAnswer = z
  .object({ executionId: ExecutionId, status: ExecutionStatus })
  .meta({ id: "StartExecutionAnswer" });
export type StartExecutionAnswer = z.infer<typeof StartExecutionAnswer>;

/** A task as `GET /executions/{id}` shows it; open ones include what has been used so far. */
export const TaskView = z
  .object({
    task: TaskNumber,
    agent: AgentName,
    status: TaskStatus,
    attempt: z.int().min(1),
    depth: z.int().nonnegative(),
    /** The task that handed off to this one. */
    requester: TaskNumber.optional(),
    turns: z.int().nonnegative(),
    toolCalls: z.int().nonnegative(),
    /** Name of the tool call that is running, `model` while the model is asked, absent otherwise. */
    doing: z.string().optional(),
    usage: Usage,
    failure: Failure.optional(),
    scheduledAt: Timestamp,
    endedAt: Timestamp.optional(),
  })
  .meta({ id: "TaskView" });
export type TaskView = z.infer<typeof TaskView>;

export const HandoffView = z
  .object({
    handoff: z.int().min(1),
    requester: TaskNumber,
    mode: HandoffMode,
    branches: z.array(z.object({ task: TaskNumber, agent: AgentName })),
    onFailure: OnFailure,
    status: z.enum(["OPEN", "JOINED"]),
  })
  .meta({ id: "HandoffView" });
export type HandoffView = z.infer<typeof HandoffView>;

export const ExecutionSummary = z
  .object({
    executionId: ExecutionId,
    status: ExecutionStatus,
    agent: AgentName,
    /** The first 80 characters of the input. */
    input: z.string(),
    createdAt: Timestamp,
    endedAt: Timestamp.optional(),
  })
  .meta({ id: "ExecutionSummary" });
export type ExecutionSummary = z.infer<typeof ExecutionSummary>;

export const ExecutionView = ExecutionSummary.extend({
  deadlineAt: Timestamp,
  /** Changes with every commit; `?wait=` returns when it does, or when an open task made progress. */
  version: z.int(),
  output: z.string().optional(),
  /** The whole output's size in bytes, present when `output` is only its beginning. */
  outputBytes: z.int().optional(),
  failure: Failure.optional(),
  limits: z.object({
    usd: z.number().nullable(),
    tokens: z.int(),
    calls: z.int(),
    deadlineSeconds: z.int(),
    depth: z.int(),
    events: z.int(),
  }),
  /** Settled usage of all tasks. */
  usage: Usage,
  /** The same by agent: what the budget went to. */
  usageByAgent: z.record(AgentName, Usage),
  tasks: z.array(TaskView),
  handoffs: z.array(HandoffView),
  /** What waits for a person now; absent when nothing does. */
  questions: z.array(QuestionView).optional(),
}).meta({ id: "ExecutionView" });
export type ExecutionView = z.infer<typeof ExecutionView>;

export const ExecutionList = z
  .object({ executions: z.array(ExecutionSummary), next: z.string().optional() })
  .meta({ id: "ExecutionList" });
export type ExecutionList = z.infer<typeof ExecutionList>;

/** A history event with its number and ISO time; the other fields depend on `type` (history-event.ts). */
export const EventView = z
  .looseObject({ n: z.int().min(1), at: Timestamp, type: z.string() })
  .meta({ id: "EventView" });
export type EventView = z.infer<typeof EventView>;

/** `more` is true when further events exist already: ask again with the last number as `after`. */
export const HistoryPage = z
  .object({ status: ExecutionStatus, events: z.array(EventView), more: z.boolean().optional() })
  .meta({ id: "HistoryPage" });
export type HistoryPage = z.infer<typeof HistoryPage>;

export const ToolCallView = z
  .object({
    callId: z.string(),
    tool: z.string(),
    /** What a repetition may do; absent for handoffs and for calls that were refused. */
    effect: ToolEffect.optional(),
    status: z.enum(["started", "finished", "unknown"]),
    input: z.string(),
    result: z.string().optional(),
    isError: z.boolean().optional(),
  })
  .meta({ id: "ToolCallView" });
export type ToolCallView = z.infer<typeof ToolCallView>;

export const TurnView = z
  .object({
    turn: z.int().min(1),
    at: Timestamp,
    model: z.string(),
    stopReason: z.string().nullable(),
    text: z.string(),
    /** The turn wrote notes of a conversation that had become too long; the next one begins with them. */
    isNotes: z.literal(true).optional(),
    usage: Usage,
    toolCalls: z.array(ToolCallView),
  })
  .meta({ id: "TurnView" });
export type TurnView = z.infer<typeof TurnView>;

export const TaskDetail = TaskView.extend({
  request: z.string(),
  /** The whole request's size in bytes, present when `request` is only its beginning. */
  requestBytes: z.int().optional(),
  answer: z.string().optional(),
  /** Of a person's task: what is asked, what they decided (the reason is the answer), who and when. */
  question: QuestionView.optional(),
  decision: Decision.optional(),
  answeredBy: z.string().optional(),
  answeredAt: Timestamp.optional(),
  handoffResults: z.array(z.object({ task: TaskNumber, agent: AgentName, status: BranchStatus })).optional(),
  turnList: z.array(TurnView),
}).meta({ id: "TaskDetail" });
export type TaskDetail = z.infer<typeof TaskDetail>;

export const FileView = z
  .object({
    path: z.string(),
    version: z.int().min(1),
    bytes: z.int().nonnegative(),
    by: AgentName,
    at: Timestamp,
  })
  .meta({ id: "FileView" });
export type FileView = z.infer<typeof FileView>;

export const FileList = z.object({ files: z.array(FileView) }).meta({ id: "FileList" });
export type FileList = z.infer<typeof FileList>;

/** `truncated` when the file is too large for a response: then `content` is its beginning, `bytes` the whole. */
export const FileContent = FileView.extend({ content: z.string(), truncated: z.boolean().optional() }).meta({
  id: "FileContent",
});
export type FileContent = z.infer<typeof FileContent>;

export const AgentView = z
  .object({
    name: AgentName,
    role: z.string(),
    tools: z.array(z.string()),
    handoffs: z.array(AgentName),
    provider: z.string(),
    model: z.string(),
    /** `false` when the price table does not know the model: then no dollar budget can be kept. */
    priced: z.boolean(),
  })
  .meta({ id: "AgentView" });
export type AgentView = z.infer<typeof AgentView>;

export const AgentList = z.object({ agents: z.array(AgentView) }).meta({ id: "AgentList" });
export type AgentList = z.infer<typeof AgentList>;

/** `scripted` is true when the answers come from the scripted model server, so that every client can say so. */
export const Health = z.object({ status: z.literal("ok"), scripted: z.boolean() }).meta({ id: "Health" });
export type Health = z.infer<typeof Health>;

/** RFC 9457 `application/problem+json`. `code` is stable and in SCREAMING_SNAKE. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    /** The field at fault, as a JSON path such as `limits.usd`. */
    path: z.string().optional(),
    /** With `ALREADY_FINISHED`. */
    executionStatus: ExecutionStatus.optional(),
    /** With `AGENT_NOT_FOUND` and `PRICE_UNKNOWN`: the known or the unpriced ones. */
    agents: z.array(AgentName).optional(),
    requestId: z.string(),
  })
  .meta({ id: "Problem" });
export type Problem = z.infer<typeof Problem>;
