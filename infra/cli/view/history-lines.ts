import type { EventView } from "../../../functions/shared/contracts/api.ts";
import { EventTeller } from "./event-teller.ts";
import { durationText } from "./format.ts";
import { clip, type Paint } from "./paint.ts";

/** History as a table whose rows can be written one by one: number, time since the start, type, who and what. */
export class HistoryLines {
  readonly #teller = new EventTeller();
  readonly #columns: number;
  readonly #paint: Paint;
  #startedAt: number | undefined;

  constructor({ columns, paint }: { columns: number; paint: Paint }) {
    this.#columns = columns;
    this.#paint = paint;
  }

  /** Give it all events of the execution, in order. */
  of(event: EventView): string {
    const at = Date.parse(event.at);
    this.#startedAt ??= at;
    const { who, detail } = this.#teller.tell(event);
    const since = durationText(at - this.#startedAt);
    const left = `${String(event.n).padStart(4)}  ${since.padStart(6)}`;
    return clip(
      `${this.#paint("dim", left)}  ${event.type.padEnd(TYPE_WIDTH)}  ${this.#paint("bold", who.padEnd(NAME_WIDTH))}  ${detail}`.trimEnd(),
      this.#columns,
    );
  }
}

const TYPE_WIDTH = "TaskRetryScheduled".length;
const NAME_WIDTH = "execution".length;
