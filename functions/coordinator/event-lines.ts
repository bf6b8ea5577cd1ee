import type { ExecutionState } from "../shared/contracts/execution-state.ts";
import type { HistoryEvent } from "../shared/contracts/history-event.ts";
import type { AgentName, TaskNumber } from "../shared/contracts/ids.ts";
import type { LogFields } from "../shared/contracts/log-fields.ts";
import type { Usage } from "../shared/contracts/usage.ts";
import type { Log } from "../shared/ports/log.ts";

/**
 * One log line per event that a commit added to `before`: what a dashboard counts and adds up. Not a
 * ledger: a handler that dies after its commit leaves no line, and what an aborted task used is in no
 * event.
 */
export const logEvents = (log: Log, before: ExecutionState, stored: readonly HistoryEvent[]): void => {
  if (log.dropsInfo === true) return;
  const added = stored.filter(({ n }) => n > before.eventCount);
  for (const fields of eventLines(before, added)) log.info("history event", fields);
};

/**
 * Ids, names, codes and numbers, never a text. An event tells what its task has used so far; a line
 * tells what it has used since the line before, so that lines can be added up.
 */
export const eventLines = (before: ExecutionState, events: readonly HistoryEvent[]): LogFields[] => {
  const agents = new Map<TaskNumber, AgentName>(before.tasks.map(({ n, agent }) => [n, agent]));
  const used = new Map(before.tasks.map(({ n, usage }) => [n, usage]));
  return events.map((event) => {
    if (event.type === "TaskScheduled") agents.set(event.task, event.agent);
    const line = {
      executionId: before.executionId,
      n: event.n,
      type: event.type,
      ...("agent" in event ? { agent: event.agent } : {}),
      ...("task" in event ? { task: event.task, agent: agents.get(event.task) } : {}),
      ...("attempt" in event ? { attempt: event.attempt } : {}),
      ...("failure" in event ? { code: event.failure.name } : {}),
      ...spending(event, used),
    };
    if ("usage" in event) used.set(event.task, event.usage);
    return line;
  });
};

const spending = (event: HistoryEvent, used: ReadonlyMap<TaskNumber, Usage>): LogFields => {
  if (!("usage" in event)) return {};
  const { usage } = event;
  const known = used.get(event.task);
  const calls = usage.calls - (known?.calls ?? 0);
  if (calls <= 0) return {};
  return {
    calls,
    inputTokens: usage.inputTokens - (known?.inputTokens ?? 0),
    outputTokens: usage.outputTokens - (known?.outputTokens ?? 0),
    cacheReadTokens: usage.cacheReadTokens - (known?.cacheReadTokens ?? 0),
    cacheWriteTokens: usage.cacheWriteTokens - (known?.cacheWriteTokens ?? 0),
    // A model without a known price has no cost that could be added.
    ...(usage.microUsd === null ? {} : { microUsd: usage.microUsd - (known?.microUsd ?? 0) }),
  };
};
