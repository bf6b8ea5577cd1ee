import type { ExecutionState, TaskCheck } from "../../shared/contracts/execution-state.ts";
import { isHuman } from "../../shared/contracts/human.ts";
import type { Instant } from "../../shared/contracts/ids.ts";
import type { ProtocolTimes } from "../../shared/contracts/protocol-times.ts";
import type { Context, Draft } from "./draft.ts";
import { lesser } from "./numbers.ts";
import { hasUnrequestedCalls, isTerminal, taskOf } from "./state.ts";

/** P10: when to look whether a message that was just ordered has arrived. */
export const firstCheck = (now: Instant, delaySeconds: number, times: ProtocolTimes): TaskCheck => ({
  at: now + delaySeconds * 1000 + times.resendMs,
  intervalMs: times.resendMs,
});

/**
 * P10: sends anew what nobody works on although its time has come, less and less often. A person has
 * no queue: looking was all there was to do, for the hint of an answer may have been lost.
 */
export const resendOverdue = (draft: Draft): void => {
  const { now, times } = draft.context;
  for (const task of draft.state.tasks) {
    if (task.status !== "SCHEDULED") continue;
    const check = draft.state.checks[task.n];
    if (check !== undefined && check.at > now) continue;
    const stealableAt = (draft.leases.get(task.n) ?? 0) + times.stealMarginMs;
    const intervalMs = lesser(2 * (check?.intervalMs ?? times.resendMs), times.resendMsMax);
    const next = { at: now + intervalMs, intervalMs };
    if (stealableAt > now) draft.check(task.n, { at: stealableAt, intervalMs: times.resendMs });
    else if (isHuman(task.agent)) draft.check(task.n, next);
    else if (draft.room < 1) draft.postpone();
    else draft.send({ type: "SendWork", task: task.n }, next);
  }
};

/** The earliest deadline or check of a running execution: from then on a look must read all open records (P12). */
export const dueAt = (state: ExecutionState): Instant => {
  const deadlines = state.handoffs.flatMap(({ status, requester, deadlineAt }) =>
    status === "OPEN" && deadlineAt !== undefined && taskOf(state, requester)?.status === "SUSPENDED"
      ? deadlineAt
      : [],
  );
  return earliest([state.deadlineAt, ...deadlines, ...Object.values(state.checks).map(({ at }) => at)]);
};

/** P11: when somebody must look again; `undefined` when nobody must, ever. */
export const nextCheckAt = (
  { state, postponed }: { readonly state: ExecutionState; readonly postponed: boolean },
  outboxIsEmpty: boolean,
  { now, times }: Pick<Context, "now" | "times">,
): Instant | undefined => {
  const outboxAt = outboxIsEmpty ? [] : [now + times.outboxCheckMs];
  if (isTerminal(state)) return outboxAt[0];
  const isUndecided =
    postponed || state.eventCount === 0 || state.tasks.some((task) => hasUnrequestedCalls(state, task));
  return earliest([dueAt(state), ...outboxAt, ...(isUndecided ? [now] : [])]);
};

const earliest = (times: readonly Instant[]): Instant => times.reduce(lesser, Number.MAX_SAFE_INTEGER);
