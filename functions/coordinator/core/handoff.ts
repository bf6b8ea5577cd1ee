import type { ExecutionState, TaskState } from "../../shared/contracts/execution-state.ts";
import type { Failure } from "../../shared/contracts/failure.ts";
import type { HandoffCall } from "../../shared/contracts/handoff.ts";
import { isHuman } from "../../shared/contracts/human.ts";
import type { AgentName, TaskNumber } from "../../shared/contracts/ids.ts";
import { LIMITS } from "../../shared/contracts/limits.ts";
import { NO_USAGE } from "../../shared/contracts/usage.ts";
import { valuePreview } from "../../shared/contracts/value.ts";
import { firstCheck } from "./checks.ts";
import type { Draft } from "./draft.ts";
import type { FactOf } from "./fact.ts";
import { lesser } from "./numbers.ts";
import { deadlineOf, handoffsOf, hasUnrequestedCalls, taskOf } from "./state.ts";

/** `TaskNumber`'s own maximum; `tasksMax` is met long before. */
const TASK_NUMBERS = 999;
/** All previews of one handoff together, so that a wide fan-out does not fill STATE with them. */
const PREVIEWS_BYTES = 8 * 1024;

/**
 * Carries out a suspension: each handoff call becomes a handoff with branches of its own. A call
 * that the outbox has no room for waits for the next look; those before it are not asked for again.
 */
export const requestHandoffs = (draft: Draft, fact: FactOf<"TaskSeenSuspended">): void => {
  const task = taskOf(draft.state, fact.task);
  if (task === undefined) return;
  const { k, calls } = fact.suspension;
  const known = handoffsOf(draft.state, task.n, k);
  // A suspension is written once; should a record say otherwise later, what was begun is not added to.
  const count = known[0] === undefined ? calls.length : (known[0].calls ?? 1);
  for (const call of calls.slice(known.length, count)) {
    const branches = planBranches(draft, task, call);
    if (branches.filter(({ failure }) => failure === undefined).length > draft.room) {
      draft.postpone();
      return;
    }
    if (draft.state.tasks.length + branches.length > TASK_NUMBERS) {
      draft.fatal = { name: "TooManyTasks", message: `more than ${TASK_NUMBERS} tasks in one execution` };
      return;
    }
    requestHandoff(draft, task, { call, count, branches }, fact);
  }
};

/** A suspension that is carried out already is no news, unless some of its calls still wait for room. */
export const isNewSuspension = (state: ExecutionState, task: TaskState, k: number): boolean =>
  task.status === "SCHEDULED"
    ? k > task.suspensions
    : k === task.suspensions && hasUnrequestedCalls(state, task);

interface PlannedBranch {
  readonly n: TaskNumber;
  readonly agent: AgentName;
  readonly preview: string;
  /** Why it is over before it begins. */
  readonly failure?: Failure;
}

const planBranches = (draft: Draft, requester: TaskState, call: HandoffCall): PlannedBranch[] => {
  const previewBytes = lesser(PREVIEWS_BYTES / call.to.length, LIMITS.eventPreviewBytes);
  return call.to.map(({ agent, packet }, index) => {
    const n = draft.state.tasks.length + 1 + index;
    const preview = valuePreview(packet.task, previewBytes);
    const failure = refusal(draft, depthOf(requester, agent), n, agent);
    return { n, agent, preview, ...(failure === undefined ? {} : { failure }) };
  });
};

/** A question is asked where its asker stands: a person hands off to nobody. */
const depthOf = (requester: TaskState, agent: AgentName): number =>
  requester.depth + (isHuman(agent) ? 0 : 1);

const refusal = (draft: Draft, depth: number, n: TaskNumber, agent: AgentName): Failure | undefined => {
  const { depth: depthMax } = draft.state.limits;
  if (draft.agent(agent) === undefined && !isHuman(agent)) {
    return { name: "AgentNotFound", message: `there is no agent named ${agent}` };
  }
  if (depth > depthMax) {
    return { name: "DepthExceeded", message: `handoffs may nest ${depthMax} deep; this would be ${depth}` };
  }
  if (n > LIMITS.tasksMax) {
    return { name: "TooManyTasks", message: `an execution may have ${LIMITS.tasksMax} tasks` };
  }
  return undefined;
};

const requestHandoff = (
  draft: Draft,
  requester: TaskState,
  { call, count, branches }: { call: HandoffCall; count: number; branches: readonly PlannedBranch[] },
  { suspension, turns, usage }: FactOf<"TaskSeenSuspended">,
): void => {
  const { now, times } = draft.context;
  const handoff = draft.state.handoffs.length + 1;
  draft.record({
    type: "HandoffRequested",
    handoff,
    task: requester.n,
    k: suspension.k,
    callId: call.callId,
    ...(count === 1 ? {} : { calls: count }),
    mode: call.mode,
    branches: branches.map(({ n, agent, preview }) => ({ task: n, agent, preview })),
    onFailure: call.onFailure,
    ...(call.deadlineSeconds === undefined
      ? {}
      : { deadlineAt: lesser(now + call.deadlineSeconds * 1000, deadlineOf(draft.state, requester.n)) }),
    turns,
    usage,
  });
  for (const { n, agent, failure } of branches) {
    draft.record({ type: "TaskScheduled", task: n, agent, depth: depthOf(requester, agent), handoff });
    if (failure === undefined) {
      draft.send({ type: "ScheduleTask", task: n, attempt: 1, delaySeconds: 0 }, firstCheck(now, 0, times));
    } else {
      draft.record({ type: "TaskFailed", task: n, attempt: 1, turns: 0, usage: NO_USAGE, failure });
    }
  }
};
