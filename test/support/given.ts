import { expect } from "vitest";
import { decide } from "../../functions/coordinator/core/decide.ts";
import type { Context, Decision } from "../../functions/coordinator/core/draft.ts";
import type { Fact } from "../../functions/coordinator/core/fact.ts";
import type { AgentManifest } from "../../functions/shared/contracts/agent-manifest.ts";
import type { Command } from "../../functions/shared/contracts/command.ts";
import { type ExecutionState, initialState } from "../../functions/shared/contracts/execution-state.ts";
import type { HandoffCall, OnFailure } from "../../functions/shared/contracts/handoff.ts";
import type { HistoryEvent } from "../../functions/shared/contracts/history-event.ts";
import {
  DEFAULT_EXECUTION_LIMITS,
  type ExecutionLimits,
  LIMITS,
} from "../../functions/shared/contracts/limits.ts";
import { AWS_TIMES, type ProtocolTimes } from "../../functions/shared/contracts/protocol-times.ts";
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from "../../functions/shared/contracts/retry-policy.ts";
import { NO_USAGE, type Usage } from "../../functions/shared/contracts/usage.ts";

/**
 * Tests of decisions: given what was seen before, when this is seen, then exactly these commands
 * and these events. Builders hold defaults; a test states only what matters.
 *
 *     given(started(), suspended(1, [parallel("planner", "critic")]), succeeded(2))
 *       .when(succeeded(3))
 *       .thenCommands(resumeTask(1, 1))
 *       .thenEvents("TaskSucceeded 3", "HandoffCompleted 1: succeeded succeeded", "TaskResumed 1");
 */
export const given = (...steps: readonly Step[]): Given => new Given(steps);

/** One look with one fact, one look with several, time that passes, or other surroundings. */
export type Step = Fact | readonly Fact[] | { readonly after: number } | { readonly under: Surroundings };

export interface Surroundings {
  readonly limits?: Partial<ExecutionLimits>;
  readonly agents?: AgentManifest;
  readonly times?: ProtocolTimes;
  readonly outboxRoom?: number;
}

export const after = (ms: number): Step => ({ after: ms });
export const under = (surroundings: Surroundings): Step => ({ under: surroundings });

export const EXECUTION_ID = "01J00000000000000000000000";
export const START = 1_700_000_000_000;

export const manifestOf = (
  names: readonly string[],
  retry: RetryPolicy = DEFAULT_RETRY_POLICY,
): AgentManifest =>
  names.map((name) => ({
    name,
    role: `does what a ${name} does`,
    tools: [],
    handoffs: names.filter((other) => other !== name),
    retry,
    concurrency: 10,
  }));

export const AGENTS = manifestOf(["coder", "planner", "critic"]);

export const acceptedState = (limits: Partial<ExecutionLimits> = {}): ExecutionState =>
  initialState({
    executionId: EXECUTION_ID,
    tenant: "default",
    createdAt: START,
    expiresAt: START / 1000 + 1_000_000,
    agent: "coder",
    input: { inline: "write a rate limiter" },
    limits: { ...DEFAULT_EXECUTION_LIMITS, ...limits },
  });

class Given {
  #now = START;
  #surroundings: Surroundings = {};
  #state: ExecutionState;
  readonly #history: HistoryEvent[] = [];

  constructor(steps: readonly Step[]) {
    const first = steps.find((step) => "under" in step);
    this.#state = acceptedState(first?.under.limits);
    for (const step of steps) this.#take(step);
  }

  get state(): ExecutionState {
    return this.#state;
  }

  when(...facts: readonly Fact[]): Outcome {
    const before = this.#state;
    const decision = this.#decide(facts);
    return new Outcome(before, decision, facts, this.#context());
  }

  #take(step: Step): void {
    if ("after" in step) this.#now += step.after;
    else if ("under" in step) this.#surroundings = { ...this.#surroundings, ...step.under };
    else this.#decide(isFacts(step) ? step : [step]);
  }

  #decide(facts: readonly Fact[]): Decision {
    const decision = decide(this.#state, facts, this.#context());
    this.#state = decision.state;
    this.#history.push(...decision.events);
    return decision;
  }

  #context(): Context {
    const { agents = AGENTS, times = AWS_TIMES, outboxRoom = LIMITS.outboxMax } = this.#surroundings;
    return { now: this.#now, agents, times, outboxRoom };
  }
}

const isFacts = (step: Fact | readonly Fact[]): step is readonly Fact[] => Array.isArray(step);

export class Outcome {
  readonly decision: Decision;
  readonly #before: ExecutionState;
  readonly #facts: readonly Fact[];
  readonly #context: Context;

  constructor(before: ExecutionState, decision: Decision, facts: readonly Fact[], context: Context) {
    this.#before = before;
    this.decision = decision;
    this.#facts = facts;
    this.#context = context;
  }

  get state(): ExecutionState {
    return this.decision.state;
  }

  /** Exactly these commands, in this order. */
  thenCommands(...commands: readonly Command[]): this {
    expect(this.decision.commands).toEqual(commands);
    return this;
  }

  /** Exactly these events, as `signatureOf` says them. */
  thenEvents(...signatures: readonly string[]): this {
    expect(this.decision.events.map(signatureOf)).toEqual(signatures);
    return this;
  }

  /** Neither events nor commands nor anything else. */
  thenNothing(): this {
    this.thenEvents().thenCommands();
    expect(this.state).toBe(this.#before);
    return this;
  }

  /** Looking again at what was just seen brings nothing new. */
  andAgainNothing(): this {
    const again = decide(this.state, this.#facts, this.#context);
    expect(again.events).toEqual([]);
    expect(again.commands).toEqual([]);
    return this;
  }
}

// Facts

export const started = (): Fact => ({ type: "Started" });
export const stopRequested = (cause = "stopped by the caller"): Fact => ({ type: "StopRequested", cause });
export const clockTicked = (): Fact => ({ type: "ClockTicked" });

interface About {
  readonly attempt?: number;
  readonly turns?: number;
  readonly usage?: Usage;
}

const about = (task: number, { attempt = 1, turns = 1, usage = NO_USAGE }: About) => ({
  task,
  attempt,
  turns,
  usage,
});

export const succeeded = (task: number, options: About & { preview?: string } = {}): Fact => ({
  type: "TaskSeenSucceeded",
  ...about(task, options),
  preview: options.preview ?? `the answer of task ${task}`,
});

export const failed = (
  task: number,
  name: string,
  options: About & { message?: string; retryAfterSeconds?: number } = {},
): Fact => {
  const { message = `${name} happened`, retryAfterSeconds } = options;
  const failure = { name, message, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
  return { type: "TaskSeenFailed", ...about(task, options), failure };
};

export const suspended = (
  task: number,
  calls: readonly HandoffCall[],
  options: About & { k?: number } = {},
): Fact => {
  const { k = 1, turns = k } = options;
  const suspension = {
    k,
    turn: turns,
    calls: calls.map((call, index) => ({ ...call, callId: `call-${task}-${k}-${index}` })),
  };
  return { type: "TaskSeenSuspended", ...about(task, { ...options, turns }), suspension };
};

export const open = (task: number, leaseUntil?: number, attempt = 1): Fact => ({
  type: "TaskSeenOpen",
  task,
  attempt,
  ...(leaseUntil === undefined ? {} : { leaseUntil }),
});

export const unreadable = (task: number): Fact => ({ type: "TaskSeenUnreadable", task });

// Handoff calls; `suspended` gives them their ids

interface HandoffOptions {
  readonly onFailure?: OnFailure;
  readonly deadlineSeconds?: number;
}

export const handoff = (
  mode: HandoffCall["mode"],
  agents: readonly string[],
  { onFailure = "collect", deadlineSeconds }: HandoffOptions = {},
): HandoffCall => ({
  callId: "",
  mode,
  to: agents.map((agent, index) => ({
    agent,
    packet: { task: { inline: `part ${index + 1} for the ${agent}` }, artifacts: [] },
  })),
  onFailure,
  ...(deadlineSeconds === undefined ? {} : { deadlineSeconds }),
});

export const single = (agent: string, options?: HandoffOptions): HandoffCall =>
  handoff("single", [agent], options);
export const transfer = (agent: string, options?: HandoffOptions): HandoffCall =>
  handoff("transfer", [agent], options);
export const parallel = (...agents: readonly string[]): HandoffCall => handoff("parallel", agents);
export const failFast = (...agents: readonly string[]): HandoffCall =>
  handoff("parallel", agents, { onFailure: "fail-fast" });
export const quorum = (quorum: number, ...agents: readonly string[]): HandoffCall =>
  handoff("parallel", agents, { onFailure: { quorum } });

// Commands

export const scheduleTask = (task: number, attempt = 1, delaySeconds = 0): Command => ({
  type: "ScheduleTask",
  task,
  attempt,
  delaySeconds,
});
export const resumeTask = (task: number, k = 1): Command => ({ type: "ResumeTask", task, k });
export const sendWork = (task: number): Command => ({ type: "SendWork", task });
export const stopTasks = (cause: string, ...tasks: readonly number[]): Command => ({
  type: "StopTasks",
  tasks: [...tasks],
  cause,
});
export const stopExecution = (cause: string): Command => ({ type: "StopExecution", cause });

/** An event in a line: what tells one history from another, without times, usage and texts. */
export const signatureOf = (event: HistoryEvent): string => {
  switch (event.type) {
    case "ExecutionStarted":
    case "ExecutionTimedOut":
      return event.type;
    case "TaskScheduled":
      return `${event.type} ${event.task} ${event.agent}`;
    case "HandoffRequested":
      return `${event.type} ${event.handoff} by ${event.task}: ${event.branches.map(({ task }) => task).join(" ")}`;
    case "HandoffCompleted":
      return `${event.type} ${event.handoff}: ${event.results.map(({ status }) => status).join(" ")}`;
    case "TaskSucceeded":
      return `${event.type} ${event.task}${event.via === undefined ? "" : ` via ${event.via}`}`;
    case "TaskFailed":
      return `${event.type} ${event.task} ${event.failure.name}${event.via === undefined ? "" : ` via ${event.via}`}`;
    case "TaskRetryScheduled":
      return `${event.type} ${event.task} attempt ${event.attempt}`;
    case "TaskTimedOut":
      return `${event.type} ${event.task} ${event.cause}`;
    case "TaskResumed":
    case "TaskAborted":
    case "ExecutionSucceeded":
      return `${event.type} ${event.task}`;
    case "ExecutionFailed":
      return `${event.type} ${event.failure.name}`;
    case "ExecutionAborted":
      return event.type;
  }
};
