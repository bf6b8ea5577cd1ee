import type { ExecutionState, HandoffState, TaskState } from "../../shared/contracts/execution-state.ts";
import { isHuman } from "../../shared/contracts/human.ts";
import { type ExecutionId, taskIdOf } from "../../shared/contracts/ids.ts";
import { CALL_PREFIX, taskPartition } from "../../shared/contracts/resources.ts";
import type { Store } from "../../shared/ports/store.ts";

//   I1. Only counts of ended tasks are kept, and an ended task calls no more tools.
//   I2. At most `KEPT_MAX` are kept; the oldest goes first, and is counted anew when asked for.

const KEPT_MAX = 5_000;

/**
 * How many tools ended tasks have called. Nothing but the CALL items knows, and a client that
 * follows an execution asks for the same tasks again and again: each is counted once per process.
 */
export class ToolCallCounts {
  readonly #store: Pick<Store, "list">;
  readonly #kept = new Map<string, number>();

  constructor(store: Pick<Store, "list">) {
    this.#store = store;
  }

  async of(executionId: ExecutionId, { agent, n }: TaskState): Promise<number> {
    const taskId = taskIdOf(executionId, n);
    const kept = this.#kept.get(taskId);
    if (kept !== undefined) return kept;
    const calls = await this.#store.list(taskPartition(agent, taskId), CALL_PREFIX);
    if (this.#kept.size >= KEPT_MAX) this.#kept.delete(this.#kept.keys().next().value ?? "");
    this.#kept.set(taskId, calls.length);
    return calls.length;
  }
}

/**
 * A handoff is a tool call too; the coordinator counts those. An answered question is a CALL item as
 * well, and counted there.
 */
export const handoffCallsOf = (state: ExecutionState, requester: number): number =>
  state.handoffs.filter(
    (handoff) =>
      handoff.requester === requester && !(handoff.status === "JOINED" && asksPerson(state, handoff)),
  ).length;

const asksPerson = (state: ExecutionState, { branches }: HandoffState): boolean =>
  branches.some((n) => isHuman(state.tasks[n - 1]?.agent ?? ""));
