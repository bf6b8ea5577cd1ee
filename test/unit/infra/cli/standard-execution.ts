import type { EventView, ExecutionView, TaskView } from "../../../../functions/shared/contracts/api.ts";
import type { EventBody } from "../../../../functions/shared/contracts/history-event.ts";
import { DEFAULT_EXECUTION_LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import type { Usage } from "../../../../functions/shared/contracts/usage.ts";

/** The standard flow as the API tells it: coder asks planner and critic at once and finishes with both answers. */
export const ID = "01JD4ZK8M3V7Q2XW5R9T6B1CFG";
export const START = Date.parse("2026-03-01T12:00:00.000Z");

export const usage = (tokens: number, microUsd: number | null = tokens * 4): Usage => ({
  calls: tokens === 0 ? 0 : 1,
  inputTokens: tokens,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  microUsd,
});

/** ISO time so many ms after the start. */
export const at = (ms: number): string => new Date(START + ms).toISOString();

/** As the API shows a recorded event: times are text. */
const event = (n: number, ms: number, body: EventBody): EventView => ({
  n,
  at: at(ms),
  ...body,
  ...("deadlineAt" in body && body.deadlineAt !== undefined
    ? { deadlineAt: at(body.deadlineAt - START) }
    : {}),
});

export const standardEvents: readonly EventView[] = [
  event(1, 0, {
    type: "ExecutionStarted",
    agent: "coder",
    preview: "Write a rate limiter",
    limits: DEFAULT_EXECUTION_LIMITS,
  }),
  event(2, 0, { type: "TaskScheduled", task: 1, agent: "coder", depth: 0 }),
  event(3, 1200, {
    type: "HandoffRequested",
    handoff: 1,
    task: 1,
    k: 1,
    callId: "toolu_1",
    mode: "parallel",
    branches: [
      { task: 2, agent: "planner", preview: "Plan it" },
      { task: 3, agent: "critic", preview: "Find the risks" },
    ],
    onFailure: "collect",
    deadlineAt: START + 600_000,
    turns: 2,
    usage: usage(4500),
  }),
  event(4, 1200, { type: "TaskScheduled", task: 2, agent: "planner", depth: 1, handoff: 1 }),
  event(5, 1200, { type: "TaskScheduled", task: 3, agent: "critic", depth: 1, handoff: 1 }),
  event(6, 3100, {
    type: "TaskSucceeded",
    task: 2,
    attempt: 1,
    turns: 1,
    usage: usage(2100),
    preview: "A plan",
  }),
  event(7, 3400, {
    type: "TaskFailed",
    task: 3,
    attempt: 1,
    turns: 0,
    usage: usage(0),
    failure: { name: "RateLimited", message: "the provider answers 429" },
  }),
  event(8, 3400, { type: "TaskRetryScheduled", task: 3, attempt: 2, delaySeconds: 2 }),
  event(9, 6000, {
    type: "TaskSucceeded",
    task: 3,
    attempt: 2,
    turns: 1,
    usage: usage(2400),
    preview: "Risks",
  }),
  event(10, 6000, {
    type: "HandoffCompleted",
    handoff: 1,
    results: [
      { task: 2, agent: "planner", status: "succeeded" },
      { task: 3, agent: "critic", status: "succeeded" },
    ],
  }),
  event(11, 6000, { type: "TaskResumed", task: 1, k: 1 }),
  event(12, 9500, {
    type: "TaskSucceeded",
    task: 1,
    attempt: 1,
    turns: 4,
    usage: usage(12_400),
    preview: "Done",
  }),
  event(13, 9500, { type: "ExecutionSucceeded", task: 1, preview: "Done" }),
];

export const task = (n: number, agent: string, fields: Partial<TaskView> = {}): TaskView => ({
  task: n,
  agent,
  status: "SCHEDULED",
  attempt: 1,
  depth: n === 1 ? 0 : 1,
  ...(n === 1 ? {} : { requester: 1 }),
  turns: 0,
  toolCalls: 0,
  usage: usage(0),
  scheduledAt: at(n === 1 ? 0 : 1200),
  ...fields,
});

export const execution = (fields: Partial<ExecutionView> = {}): ExecutionView => ({
  executionId: ID,
  status: "RUNNING",
  agent: "coder",
  input: "Write a rate limiter",
  createdAt: at(0),
  deadlineAt: at(3_600_000),
  version: 3,
  limits: { usd: 1, tokens: 200_000, calls: 200, deadlineSeconds: 3600, depth: 5, events: 2000 },
  usage: usage(4500),
  usageByAgent: { coder: usage(4500) },
  tasks: [task(1, "coder")],
  handoffs: [],
  ...fields,
});

/** 2.5 seconds in: planner and critic at work, coder suspended. */
export const midway = execution({
  tasks: [
    task(1, "coder", { status: "SUSPENDED", turns: 2, toolCalls: 2, usage: usage(4500) }),
    task(2, "planner", { doing: "model", turns: 0 }),
    task(3, "critic", { doing: "read_file", turns: 1, toolCalls: 1, attempt: 2, usage: usage(900) }),
  ],
  handoffs: [
    {
      handoff: 1,
      requester: 1,
      mode: "parallel",
      branches: [
        { task: 2, agent: "planner" },
        { task: 3, agent: "critic" },
      ],
      onFailure: "collect",
      status: "OPEN",
    },
  ],
});

export const finished = execution({
  status: "SUCCEEDED",
  endedAt: at(9500),
  output: "The limiter is in src/limiter.ts.",
  usage: usage(16_900),
  tasks: [
    task(1, "coder", {
      status: "SUCCEEDED",
      turns: 4,
      toolCalls: 5,
      usage: usage(12_400),
      endedAt: at(9500),
    }),
    task(2, "planner", { status: "SUCCEEDED", turns: 1, usage: usage(2100), endedAt: at(3100) }),
    task(3, "critic", { status: "SUCCEEDED", turns: 1, attempt: 2, usage: usage(2400), endedAt: at(6000) }),
  ],
  handoffs: [],
});
