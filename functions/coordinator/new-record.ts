import type { ExecutionState, HandoffState, TaskState } from "../shared/contracts/execution-state.ts";
import type { Packet } from "../shared/contracts/handoff.ts";
import { type AgentName, taskIdOf } from "../shared/contracts/ids.ts";
import { LIMITS } from "../shared/contracts/limits.ts";
import { taskKey } from "../shared/contracts/resources.ts";
import type { Suspension, TaskRecord } from "../shared/contracts/task-record.ts";
import { NO_USAGE } from "../shared/contracts/usage.ts";
import type { Store } from "../shared/ports/store.ts";
import type { Assignment } from "./carry-out.ts";
import { deadlineOf, handoffsOf, taskOf } from "./core/state.ts";
import { readRecord } from "./facts.ts";

/**
 * The record with which a task begins. A branch's packet is read from its requester's record;
 * `undefined` when that record is past the suspension that asked for this task.
 */
export const newRecord = async (
  store: Store,
  assignment: Assignment,
  task: TaskState,
): Promise<TaskRecord | undefined> => {
  const { state } = assignment.stored;
  const asked = await whatIsAsked(store, assignment, task);
  if (asked === undefined) return undefined;
  return {
    version: 1,
    executionId: state.executionId,
    taskId: taskIdOf(state.executionId, task.n),
    agent: task.agent,
    tenant: state.tenant,
    status: "SCHEDULED",
    attempt: 1,
    epoch: 1,
    request: {
      ...asked,
      depth: task.depth,
      deadlineAt: deadlineOf(state, task.n),
      limits: state.limits,
    },
    usage: NO_USAGE,
    turns: 0,
    crashes: 0,
    progress: "",
    expiresAt: state.expiresAt,
  };
};

interface Asked {
  readonly packet: Packet;
  readonly from: AgentName | null;
  readonly answerInlineBytes: number;
}

const whatIsAsked = async (
  store: Store,
  { stored, records }: Assignment,
  task: TaskState,
): Promise<Asked | undefined> => {
  const { state } = stored;
  if (task.handoff === undefined) {
    const packet: Packet = { task: state.input, artifacts: [] };
    return { packet, from: null, answerInlineBytes: LIMITS.answerInlineBytesMax };
  }
  const handoff = state.handoffs[task.handoff - 1];
  const requester = handoff === undefined ? undefined : taskOf(state, handoff.requester);
  if (handoff === undefined || requester === undefined) return undefined;
  const requesterId = taskIdOf(state.executionId, requester.n);
  const record =
    records.get(requester.n) ??
    readRecord(await store.get(taskKey(requester.agent, requesterId)), requesterId);
  const suspension = typeof record === "object" ? record.suspension : undefined;
  const packet = packetOf(state, handoff, task, suspension);
  if (packet === undefined || suspension === undefined) return undefined;
  return { packet, from: requester.agent, answerInlineBytes: inlineShare(suspension) };
};

/** Calls and handoffs of one suspension correspond by their order; call ids need not differ. */
const packetOf = (
  state: ExecutionState,
  handoff: HandoffState,
  task: TaskState,
  suspension: Suspension | undefined,
): Packet | undefined => {
  if (suspension?.k !== handoff.k) return undefined;
  const call = suspension.calls[handoffsOf(state, handoff.requester, handoff.k).indexOf(handoff)];
  return call?.to[handoff.branches.indexOf(task.n)]?.packet;
};

/** All answers of one suspension must fit the requester's record and its next model call. */
const inlineShare = ({ calls }: Suspension): number => {
  const branches = calls.reduce((sum, { to }) => sum + to.length, 0);
  return Math.min(LIMITS.answerInlineBytesMax, Math.floor(LIMITS.answersInlineBytesMax / branches));
};
