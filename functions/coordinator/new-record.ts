import type { Command, OutboxEntry } from "../shared/contracts/command.ts";
import type { ExecutionState, HandoffState, TaskState } from "../shared/contracts/execution-state.ts";
import type { Packet } from "../shared/contracts/handoff.ts";
import { type AgentName, type TaskNumber, taskIdOf } from "../shared/contracts/ids.ts";
import { LIMITS } from "../shared/contracts/limits.ts";
import { taskKey } from "../shared/contracts/resources.ts";
import type { Suspension, TaskRecord } from "../shared/contracts/task-record.ts";
import { NO_USAGE } from "../shared/contracts/usage.ts";
import type { Store } from "../shared/ports/store.ts";
import type { Assignment } from "./carry-out.ts";
import { deadlineOf, handoffsOf, taskOf } from "./core/state.ts";
import { readRecord } from "./facts.ts";
import { getAll } from "./look.ts";

/**
 * The same assignment with the requesters' records, from which the packets of new branches are
 * read: in one request for all, and in none when the look that decided the handoff has read them.
 */
export const withRequesters = async (
  store: Store,
  { stored, records }: Assignment,
  entries: readonly OutboxEntry[],
): Promise<Assignment> => {
  const { state } = stored;
  const unread = state.tasks.filter(
    ({ n }) => !records.has(n) && entries.some(({ command }) => requesterOf(state, command) === n),
  );
  const items = await getAll(
    store,
    unread.map(({ agent, n }) => taskKey(agent, taskIdOf(state.executionId, n))),
  );
  const read = unread.flatMap(({ n }, index) => {
    const record = readRecord(items[index], taskIdOf(state.executionId, n));
    return typeof record === "object" ? [[n, record] as const] : [];
  });
  return { stored, records: new Map([...records, ...read]) };
};

const requesterOf = (state: ExecutionState, command: Command): TaskNumber | undefined => {
  if (command.type !== "ScheduleTask" || command.attempt > 1) return undefined;
  const handoff = taskOf(state, command.task)?.handoff;
  return handoff === undefined ? undefined : state.handoffs[handoff - 1]?.requester;
};

/**
 * The record with which a task begins. `undefined` when the requester's record is past the
 * suspension that asked for this task.
 */
export const newRecord = (assignment: Assignment, task: TaskState): TaskRecord | undefined => {
  const { state } = assignment.stored;
  const found = whatIsAsked(assignment, task);
  if (found === undefined) return undefined;
  const { trail, ...asked } = found;
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
      ...(trail === undefined ? {} : { trail: [...trail] }),
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
  readonly trail?: readonly string[] | undefined;
}

const whatIsAsked = ({ stored, records }: Assignment, task: TaskState): Asked | undefined => {
  const { state } = stored;
  if (task.handoff === undefined) {
    const packet: Packet = { task: state.input, artifacts: [] };
    return { packet, from: null, answerInlineBytes: LIMITS.answerInlineBytesMax };
  }
  const handoff = state.handoffs[task.handoff - 1];
  const requester = handoff === undefined ? undefined : taskOf(state, handoff.requester);
  if (handoff === undefined || requester === undefined) return undefined;
  const suspension = records.get(requester.n)?.suspension;
  const packet = packetOf(state, handoff, task, suspension);
  if (packet === undefined || suspension === undefined) return undefined;
  const answerInlineBytes = inlineShare(suspension);
  return { packet, from: requester.agent, answerInlineBytes, trail: suspension.trail };
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
