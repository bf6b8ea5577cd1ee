import type {
  EventView,
  ExecutionView,
  TaskDetail,
  ToolCallView,
} from "../../functions/shared/contracts/api.ts";
import type { ExecutionId, TaskNumber } from "../../functions/shared/contracts/ids.ts";
import type { ApiClient } from "./api-client.ts";

/** Tool calls of one turn: new ones, and ones that were told as started and have failed since. */
export interface ToolCallNews {
  readonly task: TaskNumber;
  readonly turn: number;
  /** When the model asked for them. */
  readonly at: string;
  readonly calls: readonly ToolCallView[];
}

/**
 * Finds out which tools an execution's agents call.
 *
 *   W1. Each call is told once, and a second time when it fails after it was told as started.
 *   W2. A task is asked for only when it has calls that were not told, or may have before an event.
 *   W3. Never rejects: an answer that does not come is missed by nobody, the next look has it too.
 */
export class ToolCallWatch {
  readonly #api: Pick<ApiClient, "task">;
  readonly #id: ExecutionId;
  readonly #tasks = new Map<TaskNumber, Told>();

  constructor(api: Pick<ApiClient, "task">, id: ExecutionId) {
    this.#api = api;
    this.#id = id;
  }

  /** What is new in the tasks that the view shows to have gone on. */
  async since(view: ExecutionView, signal?: AbortSignal): Promise<ToolCallNews[]> {
    const news: ToolCallNews[] = [];
    // One after the other, so that a wide handoff does not become a burst of requests.
    for (const { task, toolCalls } of view.tasks) {
      const told = this.#told(task);
      if (toolCalls > told.count || told.hasOpen) news.push(...(await this.#look(task, signal)));
    }
    return news;
  }

  /** What a task did before it suspended or ended, so that it can be told before the event is. */
  async before({ type, task }: EventView, signal?: AbortSignal): Promise<ToolCallNews[]> {
    return typeof task === "number" && ENDS_TURNS.has(type) ? this.#look(task, signal) : [];
  }

  async #look(task: TaskNumber, signal?: AbortSignal): Promise<ToolCallNews[]> {
    let detail: TaskDetail;
    try {
      detail = await this.#api.task(this.#id, task, signal);
    } catch {
      return [];
    }
    const told = this.#told(task);
    const news = detail.turnList.flatMap(({ turn, at, toolCalls }): ToolCallNews[] => {
      const calls = toolCalls.filter((call) => !isHandoff(call) && told.isNews(turn, call));
      return calls.length === 0 ? [] : [{ task, turn, at, calls }];
    });
    told.count = Math.max(told.count, detail.toolCalls);
    return news;
  }

  #told(task: TaskNumber): Told {
    const told = this.#tasks.get(task) ?? new Told();
    this.#tasks.set(task, told);
    return told;
  }
}

const ENDS_TURNS: ReadonlySet<string> = new Set([
  "HandoffRequested",
  "TaskSucceeded",
  "TaskFailed",
  "TaskTimedOut",
  "TaskAborted",
]);

/** The history tells of handoffs; a refused one is in no history. */
const isHandoff = ({ tool, isError }: ToolCallView): boolean => tool === "handoff" && isError !== true;

/** What was told of one task. */
class Told {
  /** Calls of the task when it was last looked at, handoffs included. */
  count = 0;
  readonly #statuses = new Map<string, ToolCallView["status"]>();

  get hasOpen(): boolean {
    return [...this.#statuses.values()].includes("started");
  }

  /** Remembers the call, and says whether it is to be told (W1). */
  isNews(turn: number, { callId, status, isError }: ToolCallView): boolean {
    const key = `${turn} ${callId}`;
    const before = this.#statuses.get(key);
    this.#statuses.set(key, status);
    return before === undefined || (before === "started" && (isError === true || status === "unknown"));
  }
}
