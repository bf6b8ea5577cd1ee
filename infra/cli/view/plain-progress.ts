import type { EventView, ExecutionView, TaskView } from "../../../functions/shared/contracts/api.ts";
import { totalTokens } from "../../../functions/shared/contracts/usage.ts";
import type { ToolCallNews } from "../tool-call-watch.ts";
import { EventTeller } from "./event-teller.ts";
import { countText, dollarsText, tokensText } from "./format.ts";
import { clip, plain } from "./paint.ts";
import { progressLine, toolCallLines } from "./progress-line.ts";

/** A request or a message may be long; the history and `show` have it whole. */
const DETAIL_COLUMNS = 160;
const TOOL_CALLS_COLUMNS = 160;

/**
 * Progress for pipes and log files: a line for each history event, one whenever a task asks the
 * model again, and one for the tools that it called then.
 */
export class PlainProgress {
  readonly #write: (line: string) => void;
  readonly #now: () => number;
  readonly #teller = new EventTeller();
  /** By task: the last turn that was told of, begun or with its tool calls. */
  readonly #turns = new Map<number, number>();
  /** Views may be ahead of the history; a task is told of after the event that made it. */
  readonly #scheduled = new Set<number>();
  #newest: ExecutionView | undefined;
  #startedAt: number | undefined;

  constructor(write: (line: string) => void, now: () => number) {
    this.#write = write;
    this.#now = now;
  }

  event(event: EventView, calls: readonly ToolCallNews[] = []): void {
    this.#toolCalls(calls);
    const at = Date.parse(event.at);
    this.#startedAt ??= at;
    const { who, verb, detail } = this.#teller.tell(event);
    this.#line(at, who, `${verb} ${clip(detail, DETAIL_COLUMNS)}`.trimEnd());
    if (event.type !== "TaskScheduled") return;
    this.#scheduled.add(Number(event["task"]));
    this.#modelCalls();
  }

  /** Views only add what no event says. */
  view(view: ExecutionView, calls: readonly ToolCallNews[] = []): void {
    this.#teller.names.learn(view.tasks);
    this.#toolCalls(calls);
    this.#newest = view;
    this.#modelCalls();
  }

  note(line: string): void {
    this.#write(line);
  }

  /** Lines do not disturb each other. */
  hold(): void {}
  release(): void {}

  /** Each line was final when it was written. */
  end(): void {}

  #modelCalls(): void {
    for (const task of this.#newest?.tasks ?? []) {
      const turn = task.turns + 1;
      if (task.doing !== "model" || !this.#scheduled.has(task.task)) continue;
      if (!this.#isNewTurn(task.task, turn)) continue;
      this.#line(
        this.#now(),
        this.#teller.names.of(task.task),
        `turn ${turn}  asks the model${spentSoFar(task)}`,
      );
    }
  }

  #toolCalls(news: readonly ToolCallNews[]): void {
    for (const one of news) {
      this.#isNewTurn(one.task, one.turn);
      const look = {
        sinceStartMs: this.#sinceStart(Date.parse(one.at)),
        who: this.#teller.names.of(one.task),
        columns: TOOL_CALLS_COLUMNS,
        paint: plain,
      };
      for (const line of toolCallLines(one, look)) this.#write(line);
    }
  }

  /** Tool calls are read after the view, and may be ahead of it: then a turn is not told to begin. */
  #isNewTurn(task: number, turn: number): boolean {
    if ((this.#turns.get(task) ?? 0) >= turn) return false;
    this.#turns.set(task, turn);
    return true;
  }

  #line(at: number, who: string, what: string): void {
    this.#write(progressLine(this.#sinceStart(at), who, what));
  }

  #sinceStart(at: number): number {
    return at - (this.#startedAt ?? at);
  }
}

const spentSoFar = ({ toolCalls, usage }: TaskView): string => {
  if (usage.calls === 0) return "";
  const tokens = `${tokensText(totalTokens(usage))} tokens`;
  return `  (so far ${countText(toolCalls, "tool call")}, ${tokens}, ${dollarsText(usage.microUsd)})`;
};
