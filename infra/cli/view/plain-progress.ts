import type { EventView, ExecutionView, TaskView } from "../../../functions/shared/contracts/api.ts";
import { totalTokens } from "../../../functions/shared/contracts/usage.ts";
import { EventTeller } from "./event-teller.ts";
import { countText, dollarsText, durationText, tokensText } from "./format.ts";
import { clip } from "./paint.ts";

const TIME_WIDTH = 7;
const NAME_WIDTH = 11;
/** A request or a message may be long; the history and `show` have it whole. */
const DETAIL_COLUMNS = 160;

/**
 * Progress for pipes and log files: a line for each history event, and one whenever a task
 * begins another turn or another tool. `<time> <task or execution> <what>`, in that order.
 */
export class PlainProgress {
  readonly #write: (line: string) => void;
  readonly #now: () => number;
  readonly #teller = new EventTeller();
  readonly #told = new Map<number, string>();
  #startedAt: number | undefined;

  constructor(write: (line: string) => void, now: () => number) {
    this.#write = write;
    this.#now = now;
  }

  event(event: EventView): void {
    const at = Date.parse(event.at);
    this.#startedAt ??= at;
    const { who, verb, detail } = this.#teller.tell(event);
    this.#line(at, who, `${verb} ${clip(detail, DETAIL_COLUMNS)}`.trimEnd());
  }

  /** Views only add what no event says; before the first event they say nothing. */
  view(view: ExecutionView): void {
    if (this.#startedAt === undefined) return;
    for (const task of view.tasks) {
      if (task.status !== "SCHEDULED") continue;
      const doing = doingText(task);
      if (doing === undefined || this.#told.get(task.task) === doing) continue;
      this.#told.set(task.task, doing);
      this.#line(this.#now(), this.#teller.names.of(task.task), `${doing}${spentSoFar(task)}`);
    }
  }

  /** Each line was final when it was written. */
  end(): void {}

  #line(at: number, who: string, what: string): void {
    const time = durationText(at - (this.#startedAt ?? at)).padStart(TIME_WIDTH);
    this.#write(`${time}  ${who.padEnd(NAME_WIDTH)} ${what}`);
  }
}

/** The turn a task is in: the model is asked for the next one, a tool belongs to the last. */
const doingText = ({ turns, doing }: TaskView): string | undefined => {
  if (doing === undefined) return undefined;
  return doing === "model" ? `turn ${turns + 1}  asks the model` : `turn ${turns}  ${doing}`;
};

const spentSoFar = ({ toolCalls, usage }: TaskView): string => {
  if (usage.calls === 0) return "";
  const tokens = `${tokensText(totalTokens(usage))} tokens`;
  return `  (so far ${countText(toolCalls, "tool call")}, ${tokens}, ${dollarsText(usage.microUsd)})`;
};
