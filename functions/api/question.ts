import type { ExecutionState, HandoffState, TaskState } from "../shared/contracts/execution-state.ts";
import type { Packet } from "../shared/contracts/handoff.ts";
import { isHuman } from "../shared/contracts/human.ts";
import type { TaskNumber } from "../shared/contracts/ids.ts";
import type { TaskRecord } from "../shared/contracts/task-record.ts";
import { ApiProblem } from "./problems.ts";

/** A question's task beside who asked, in which handoff. */
export interface Question {
  readonly task: TaskState;
  readonly handoff: HandoffState;
  readonly requester: TaskState;
}

/** All questions that were ever asked, by number. */
export const questionsOf = (state: ExecutionState): Question[] =>
  state.tasks.flatMap((task) => {
    const handoff = isHuman(task.agent) ? state.handoffs[(task.handoff ?? 0) - 1] : undefined;
    const requester = handoff === undefined ? undefined : state.tasks[handoff.requester - 1];
    return handoff === undefined || requester === undefined ? [] : [{ task, handoff, requester }];
  });

export const isOpenQuestion = ({ task }: Question): boolean => task.status === "SCHEDULED";

/**
 * The question that a task number means: its own, or the only open one of the task that asks.
 * Throws `TASK_NOT_FOUND`, `NOT_A_QUESTION` or `AMBIGUOUS_QUESTION`.
 */
export const questionAt = (state: ExecutionState, n: TaskNumber): Question => {
  if (state.tasks[n - 1] === undefined) throw taskNotFound(state, n);
  const questions = questionsOf(state);
  const own = questions.find(({ task }) => task.n === n);
  if (own !== undefined) return own;
  const open = questions.filter((question) => question.requester.n === n && isOpenQuestion(question));
  const [only] = open;
  if (only === undefined) throw new ApiProblem("NOT_A_QUESTION", `task ${n} asks nobody anything`);
  if (open.length === 1) return only;
  const numbers = open.map(({ task }) => task.n).join(", ");
  throw new ApiProblem("AMBIGUOUS_QUESTION", `task ${n} asks several things; answer one of tasks ${numbers}`);
};

export const taskNotFound = (state: ExecutionState, n: TaskNumber): ApiProblem =>
  new ApiProblem("TASK_NOT_FOUND", `there is no task ${n}; there are ${state.tasks.length} so far`);

/**
 * What is asked, as the record of who asks has it: it is there before the question is a task, while
 * the question's own record follows the commit. `undefined` when that record has moved on.
 */
export const packetOf = (
  state: ExecutionState,
  { handoff }: Question,
  asking: TaskRecord | undefined,
): Packet | undefined => {
  if (asking?.suspension?.k !== handoff.k) return undefined;
  const ofOneTurn = state.handoffs.filter(
    ({ requester, k }) => requester === handoff.requester && k === handoff.k,
  );
  return asking.suspension.calls[ofOneTurn.indexOf(handoff)]?.to[0]?.packet;
};
