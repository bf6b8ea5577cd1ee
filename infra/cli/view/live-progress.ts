import { createLogUpdate } from "log-update";
import type { EventView, ExecutionView } from "../../../functions/shared/contracts/api.ts";
import { totalTokens } from "../../../functions/shared/contracts/usage.ts";
import type { Output } from "../context.ts";
import type { ToolCallNews } from "../tool-call-watch.ts";
import { EventTeller } from "./event-teller.ts";
import { dollarsText, durationText, tokensText } from "./format.ts";
import { clip, type Paint, paintFor } from "./paint.ts";
import { toolCallLines } from "./progress-line.ts";
import { taskTable } from "./task-table.ts";

const FRAME_MS = 100;
const SPINNER = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/** Lines of a frame that are not tasks: the table's header, the total, and room for the prompt. */
const OTHER_LINES = 6;
/** In a wider window the numbers would stand too far from their task. */
const COLUMNS_MAX = 100;

/** Progress on a terminal: one line per task, redrawn in place until `end`, below the tool calls so far. */
export class LiveProgress {
  readonly #stream: Output;
  readonly #paint: Paint;
  readonly #log: ReturnType<typeof createLogUpdate>;
  readonly #timer: NodeJS.Timeout;
  readonly #teller = new EventTeller();
  #startedAt: number | undefined;
  #view: ExecutionView | undefined;
  #tick = 0;
  #isHeld = false;

  constructor(stream: Output) {
    this.#stream = stream;
    this.#paint = paintFor(stream);
    this.#log = createLogUpdate(stream as NodeJS.WriteStream);
    this.#timer = setInterval(() => this.#draw(), FRAME_MS);
  }

  /** The view says all that a frame shows; an event may be ahead of it with a task's name. */
  event(event: EventView, calls: readonly ToolCallNews[]): void {
    this.#startedAt ??= Date.parse(event.at);
    this.#teller.tell(event);
    this.#toolCalls(calls);
  }

  view(view: ExecutionView, calls: readonly ToolCallNews[]): void {
    this.#view = view;
    this.#teller.names.learn(view.tasks);
    this.#toolCalls(calls);
  }

  /** Something that stays, above the picture. */
  note(text: string): void {
    if (this.#isHeld) this.#stream.write(`${text}\n`);
    else this.#log.persist(text);
    this.#draw();
  }

  /** Takes the picture away, and draws none until it is released: somebody is asked something. */
  hold(): void {
    this.#log.clear();
    this.#log.done();
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#draw();
  }

  /** Leaves the last frame standing and the cursor below it. */
  end(): void {
    clearInterval(this.#timer);
    this.#draw();
    this.#log.done();
    this.#stream.write("\n");
  }

  /** Written once, above the picture. */
  #toolCalls(news: readonly ToolCallNews[]): void {
    if (news.length === 0) return;
    const lines = news.flatMap((one) =>
      toolCallLines(one, {
        sinceStartMs: Date.parse(one.at) - (this.#startedAt ?? Date.parse(one.at)),
        who: this.#teller.names.of(one.task),
        columns: Math.min((this.#stream.columns ?? 80) - 1, COLUMNS_MAX),
        paint: this.#paint,
      }),
    );
    this.note(lines.join("\n"));
  }

  #draw(): void {
    if (this.#view === undefined || this.#isHeld) return;
    this.#tick += 1;
    this.#log(
      liveFrame(this.#view, {
        columns: this.#stream.columns ?? 80,
        rows: this.#stream.rows ?? 24,
        now: Date.now(),
        spinner: SPINNER[this.#tick % SPINNER.length] ?? "",
        paint: this.#paint,
      }),
    );
  }
}

export interface FrameOptions {
  readonly columns: number;
  readonly rows: number;
  readonly now: number;
  readonly spinner: string;
  readonly paint: Paint;
}

/** One picture of an execution; it always fits the terminal, since a taller one cannot be redrawn. */
export const liveFrame = (view: ExecutionView, options: FrameOptions): string =>
  [
    ...taskTable(view, {
      ...options,
      // Not the last column: some terminals break the line there.
      columns: Math.min(options.columns - 1, COLUMNS_MAX),
      fill: true,
      tasksMax: Math.max(1, options.rows - OTHER_LINES),
    }),
    "",
    clip(totalLine(view, options), options.columns),
  ].join("\n");

const totalLine = (view: ExecutionView, { now, paint }: FrameOptions): string => {
  const { tokens, usd } = view.limits;
  const elapsed = durationText(
    (view.endedAt === undefined ? now : Date.parse(view.endedAt)) - Date.parse(view.createdAt),
  );
  const spent = [
    `${tokensText(totalTokens(view.usage))} of ${tokensText(tokens)} tokens`,
    `${dollarsText(view.usage.microUsd)}${usd === null ? "" : ` of ${dollarsText(usd * 1e6)}`}`,
  ].join("  ");
  const status =
    view.status === "RUNNING" ? "running" : paint(view.status === "SUCCEEDED" ? "green" : "red", view.status);
  const hint = view.status === "RUNNING" ? paint("dim", "  Ctrl-C stops it") : "";
  return `${status}  ${elapsed}  ${paint("dim", spent)}${hint}`;
};
