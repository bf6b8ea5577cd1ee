import { inCoordinator, inFunctions, type PlantedBug } from "./planted-bug.ts";

/** Who looks again, and when: the next check of an execution, the sweeper, deadlines. */
export const CHECK_BUGS: readonly PlantedBug[] = [
  inCoordinator(
    "a message that was lost is never sent anew",
    "P10",
    "core/checks.ts",
    'else draft.send({ type: "SendWork", task: task.n }, next);',
    "else draft.check(task.n, next);",
  ),
  inCoordinator(
    "work is sent anew although somebody works on it",
    "P10",
    "core/checks.ts",
    "if (stealableAt > now) draft",
    "if (stealableAt < 0) draft",
  ),
  inCoordinator(
    "work is sent anew as often as at first, for ever",
    "P10",
    "core/checks.ts",
    "lesser(2 * (check?.intervalMs",
    "lesser(1 * (check?.intervalMs",
  ),
  inCoordinator(
    "an execution that has ended is not looked at for its outbox",
    "P11",
    "core/checks.ts",
    "if (isTerminal(state)) return outboxAt[0];",
    "if (isTerminal(state)) return undefined;",
  ),
  inCoordinator(
    "a handoff's deadline wakes nobody",
    "P11",
    "core/checks.ts",
    "return earliest([state.deadlineAt, ...deadlines, ",
    "return earliest([state.deadlineAt, ...deadlines.slice(0, 0), ",
  ),
  inCoordinator(
    "an outbox that is not empty wakes nobody",
    "P11",
    "core/checks.ts",
    "const outboxAt = outboxIsEmpty ? [] : [now + times.outboxCheckMs];",
    "const outboxAt: number[] = isTerminal(state) && !outboxIsEmpty ? [now + times.outboxCheckMs] : [];",
  ),
  inCoordinator(
    "tasks time out without a look at their records",
    "P12",
    "look.ts",
    '(isFull && (task.status === "SCHEDULED" || hasUnrequestedCalls(state, task)))',
    "false",
  ),
  inCoordinator(
    "a deadline counts before what has finished",
    "P12",
    "core/decide.ts",
    "  for (const alike of inOrder(facts)) {",
    "  for (const alike of inOrder(facts).toReversed()) {",
  ),
  inCoordinator(
    "a handoff times out before its deadline",
    "P12",
    "core/deadlines.ts",
    "handoff.deadlineAt > now) continue;",
    "handoff.deadlineAt > now + 20_000) continue;",
  ),
  inFunctions(
    "the sweeper sends nothing",
    "P11",
    "sweeper/sweep.ts",
    '.map((executionId) => queues.sendHint({ v: 1, kind: "look", executionId })),',
    ".map(async () => {}),",
  ),
];
