import type { AgentManifest, AgentManifestEntry } from "../../shared/contracts/agent-manifest.ts";
import type { Command } from "../../shared/contracts/command.ts";
import type { ExecutionState, TaskCheck } from "../../shared/contracts/execution-state.ts";
import type { Failure } from "../../shared/contracts/failure.ts";
import type { EventBody, HistoryEvent } from "../../shared/contracts/history-event.ts";
import type { AgentName, Instant, TaskNumber } from "../../shared/contracts/ids.ts";
import type { ProtocolTimes } from "../../shared/contracts/protocol-times.ts";
import { applyEvent } from "./apply-event.ts";
import { isTerminal, taskOf } from "./state.ts";

export interface Context {
  readonly now: Instant;
  readonly agents: AgentManifest;
  readonly times: ProtocolTimes;
  /** How many more commands the outbox takes. */
  readonly outboxRoom: number;
}

export interface Decision {
  /** The same object as before when nothing changed. */
  readonly state: ExecutionState;
  readonly events: readonly HistoryEvent[];
  readonly commands: readonly Command[];
  /** A fact was left for the next look, because the outbox had no room for what follows from it. */
  readonly postponed: boolean;
}

/** A decision in the making: the state changes only by recorded events, and by checks. */
export class Draft {
  readonly context: Context;
  readonly events: HistoryEvent[] = [];
  /** Until when an open task's claim was seen to hold. */
  readonly leases = new Map<TaskNumber, Instant>();
  /** Set when the execution cannot go on; the draft is then thrown away. */
  fatal: Failure | undefined;
  #state: ExecutionState;
  #postponed = false;
  readonly #work: WorkCommand[] = [];
  readonly #stops = new Map<string, TaskNumber[]>();
  #stopExecution: string | undefined;

  constructor(state: ExecutionState, context: Context) {
    this.#state = state;
    this.context = context;
  }

  get state(): ExecutionState {
    return this.#state;
  }

  get room(): number {
    return this.context.outboxRoom - this.#work.length;
  }

  agent(name: AgentName): AgentManifestEntry | undefined {
    return this.context.agents.find((agent) => agent.name === name);
  }

  record(body: EventBody): void {
    const event: HistoryEvent = { n: this.#state.eventCount + 1, at: this.context.now, ...body };
    this.events.push(event);
    this.#state = applyEvent(this.#state, event);
  }

  /** P10: with each message to an agent goes the time at which to look whether it arrived. */
  send(command: WorkCommand, check: TaskCheck): void {
    this.#work.push(command);
    this.check(command.task, check);
  }

  check(task: TaskNumber, check: TaskCheck): void {
    this.#state = { ...this.#state, checks: { ...this.#state.checks, [task]: check } };
  }

  stopTasks(tasks: readonly TaskNumber[], cause: string): void {
    if (tasks.length > 0) this.#stops.set(cause, [...(this.#stops.get(cause) ?? []), ...tasks]);
  }

  stopExecution(cause: string): void {
    this.#stopExecution = cause;
  }

  postpone(): void {
    this.#postponed = true;
  }

  finish(): Decision {
    this.#dropStaleChecks();
    return {
      state: this.#state,
      events: this.events,
      commands: [...this.#stopCommands(), ...this.#work.filter((command) => this.#isWanted(command))],
      postponed: this.#postponed && !isTerminal(this.#state),
    };
  }

  /** P3: stops come before everything that they are to stop. */
  #stopCommands(): Command[] {
    if (this.#stopExecution !== undefined) return [{ type: "StopExecution", cause: this.#stopExecution }];
    return [...this.#stops].map(([cause, tasks]) => ({ type: "StopTasks", tasks, cause }));
  }

  /** What one fact asked for, another of the same look may have made pointless. */
  #isWanted(command: WorkCommand): boolean {
    return taskOf(this.#state, command.task)?.status === "SCHEDULED";
  }

  #dropStaleChecks(): void {
    const { tasks, checks } = this.#state;
    const kept = tasks.flatMap(({ n, status }) => {
      const check = checks[n];
      return status === "SCHEDULED" && check !== undefined ? [[String(n), check] as const] : [];
    });
    if (kept.length === Object.keys(checks).length) return;
    this.#state = { ...this.#state, checks: Object.fromEntries(kept) };
  }
}

type WorkCommand = Extract<Command, { type: "ScheduleTask" | "ResumeTask" | "SendWork" }>;
