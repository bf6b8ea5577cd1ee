import type { EventView } from "../../../functions/shared/contracts/api.ts";
import type { Failure } from "../../../functions/shared/contracts/failure.ts";
import type { OnFailure } from "../../../functions/shared/contracts/handoff.ts";
import { EventBody } from "../../../functions/shared/contracts/history-event.ts";
import { isHuman } from "../../../functions/shared/contracts/human.ts";
import { totalTokens, type Usage } from "../../../functions/shared/contracts/usage.ts";
import { countText, dollarsText, durationText, tokensText } from "./format.ts";
import { oneLine } from "./safe-text.ts";
import { TaskNames } from "./task-tree.ts";

export interface Told {
  /** A task's name, or `execution`. */
  readonly who: string;
  /** What happened, for who does not see the event's type. */
  readonly verb: string;
  /** What the type does not say; may be empty. */
  readonly detail: string;
}

/** Says history events as sentences. Give it all events in order: later ones refer to tasks by number. */
export class EventTeller {
  readonly names: TaskNames;
  readonly #requesters = new Map<number, number>();
  /** Tasks of people: they are asked and answer, and have no turns. */
  readonly #people = new Set<number>();

  constructor(names = new TaskNames()) {
    this.names = names;
  }

  tell(view: EventView): Told {
    // The API shows a deadline as text; no sentence needs it.
    const { deadlineAt: _, ...recorded } = view;
    const parsed = EventBody.safeParse(recorded);
    // An event of a newer API still has its name.
    if (!parsed.success) return { who: "execution", verb: oneLine(view.type), detail: "" };
    const event = parsed.data;
    this.#learn(event);
    const [verb, detail = ""] = this.#what(event);
    return { who: this.#who(event), verb, detail: oneLine(detail) };
  }

  #learn(event: EventBody): void {
    if (event.type === "TaskScheduled") {
      this.names.learn([event]);
      if (isHuman(event.agent)) this.#people.add(event.task);
    }
    if (event.type === "HandoffRequested") {
      this.names.learn(event.branches);
      this.#requesters.set(event.handoff, event.task);
    }
  }

  #who(event: EventBody): string {
    if (event.type.startsWith("Execution")) return "execution";
    if (event.type === "HandoffCompleted") return this.names.of(this.#requesters.get(event.handoff) ?? 0);
    return "task" in event ? this.names.of(event.task) : "execution";
  }

  #what(event: EventBody): [verb: string, detail?: string] {
    switch (event.type) {
      case "ExecutionStarted":
        return ["started:", event.preview];
      case "TaskScheduled":
        return [this.#people.has(event.task) ? "is asked" : "scheduled"];
      case "HandoffRequested": {
        const branches = event.branches.map(({ task }) => this.names.of(task)).join(", ");
        return ["handoff", `${event.mode} -> ${branches}${policyText(event.onFailure)}`];
      }
      case "HandoffCompleted":
        return ["joined:", event.results.map((branch) => this.#branchText(branch)).join(", ")];
      case "TaskResumed":
        return ["resumed with the answers"];
      case "TaskSucceeded":
        if (this.#people.has(event.task)) return ["answered:", event.preview];
        return event.via === undefined
          ? ["succeeded after", spentText(event.turns, event.usage)]
          : ["succeeded:", `answered by ${this.names.of(event.via)}`];
      case "TaskFailed":
        return [`failed in attempt ${event.attempt}:`, failureText(event.failure)];
      case "TaskRetryScheduled":
        return ["tries again:", `attempt ${event.attempt} in ${durationText(event.delaySeconds * 1000)}`];
      case "TaskTimedOut":
        return ["timed out:", `the ${event.cause}'s deadline has passed`];
      case "ExecutionSucceeded":
        return ["succeeded"];
      case "ExecutionFailed":
        return ["failed:", failureText(event.failure)];
      case "ExecutionTimedOut":
        return ["timed out:", failureText(event.failure)];
      case "TaskAborted":
      case "ExecutionAborted":
        return ["aborted:", event.cause];
    }
  }

  #branchText({ task, status }: { task: number; status: string }): string {
    return `${this.names.of(task)} ${status.replace("_", " ")}`;
  }
}

export const failureText = ({ name, message }: Failure): string => `${name}: ${oneLine(message)}`;

export const spentText = (turns: number, usage: Usage): string =>
  `${countText(turns, "turn")}, ${tokensText(totalTokens(usage))} tokens, ${dollarsText(usage.microUsd)}`;

/** The default policy goes without saying. */
const policyText = (policy: OnFailure): string => {
  if (policy === "collect") return "";
  return policy === "fail-fast" ? " (fail-fast)" : ` (quorum ${policy.quorum})`;
};
