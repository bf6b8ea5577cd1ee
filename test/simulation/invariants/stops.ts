import type { Command } from "../../../functions/shared/contracts/command.ts";
import { taskIdOf } from "../../../functions/shared/contracts/ids.ts";
import { taskKey } from "../../../functions/shared/contracts/resources.ts";
import { must } from "../violation.ts";
import type { WriteSeen } from "../watch.ts";
import type { Books, StateWatch } from "./books.ts";
import { stopsOf } from "./permit-view.ts";

type StopCommand = Extract<Command, { type: "StopExecution" | "StopTasks" }>;

const isStop = (command: Command): command is StopCommand =>
  command.type === "StopExecution" || command.type === "StopTasks";

/** Invariant 4, of stops: they go through PERMIT, at a committed command's word, and to all who were given up (P3). */
export const committedStops = (books: Books): StateWatch => {
  /** By execution: every command to stop that was ever committed. */
  const committed = new Map<string, StopCommand[]>();

  const checkStopped = ({ process, key, before, after }: WriteSeen): void => {
    if (process.role !== "coordinator") return;
    const executionId = key.pk.slice("PERMIT#".length);
    const commands = committed.get(executionId) ?? [];
    const earlier = stopsOf(before);
    const later = stopsOf(after);
    if (earlier.stopped === undefined && later.stopped !== undefined) {
      const isFailing = ["Internal", "StateUnreadable"].includes(later.stopped.cause);
      const isCommitted = commands.some(({ type }) => type === "StopExecution");
      must(isCommitted || isFailing, 4, () => `${executionId} is stopped without a command`, "P3");
    }
    for (const n of Object.keys(later.stops)) {
      if (earlier.stops[n] !== undefined) continue;
      const isCommitted = commands.some(
        (command) => command.type === "StopTasks" && command.tasks.includes(Number(n)),
      );
      must(isCommitted, 4, () => `task ${n} of ${executionId} is stopped without a command`, "P3");
    }
  };

  return {
    stateWrote({ executionId, after, before }) {
      const commands = Object.entries(after.outbox)
        .filter(([id]) => before?.outbox[id] === undefined)
        .map(([, { command }]) => command)
        .filter(isStop);
      committed.set(executionId, [...(committed.get(executionId) ?? []), ...commands]);
    },
    wrote(seen) {
      if (seen.key.sk === "PERMIT" && seen.before !== undefined) checkStopped(seen);
    },
    atEnd() {
      for (const executionId of books.executionIds) checkEveryoneStopped(books, executionId);
    },
  };
};

/** P3: whoever was given up must not be able to spend any more. */
const checkEveryoneStopped = (books: Books, executionId: string): void => {
  const view = books.view(executionId);
  if (view === undefined || books.isGarbage(executionId)) return;
  const { stopped, stops } = stopsOf(books.permit(executionId));
  if (stopped !== undefined) return;
  for (const task of view.state.tasks) {
    if (task.status !== "ABORTED" && task.status !== "TIMED_OUT") continue;
    const record = books.peek(taskKey(task.agent, taskIdOf(executionId, task.n)));
    must(
      stops[String(task.n)] !== undefined || record?.["status"] !== "SCHEDULED",
      4,
      () => `task ${task.n} of ${executionId} is ${task.status} and may still spend`,
      "P3",
    );
  }
};
