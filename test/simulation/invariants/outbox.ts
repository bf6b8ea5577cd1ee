import type { Command, OutboxEntry } from "../../../functions/shared/contracts/command.ts";
import type { ExecutionState } from "../../../functions/shared/contracts/execution-state.ts";
import { isHuman } from "../../../functions/shared/contracts/human.ts";
import { splitTaskId, taskIdOf } from "../../../functions/shared/contracts/ids.ts";
import type { Work } from "../../../functions/shared/contracts/messages.ts";
import { stateKey, taskKey } from "../../../functions/shared/contracts/resources.ts";
import type { Delivery } from "../../../functions/shared/ports/queues.ts";
import type { SimProcess } from "../sim-process.ts";
import { must } from "../violation.ts";
import type { SendSeen, WriteSeen } from "../watch.ts";
import type { Books, StateWatch, StateWrite } from "./books.ts";
import { stopsOf } from "./permit-view.ts";

interface Committed {
  readonly entry: OutboxEntry;
  readonly by: SimProcess;
  readonly seq: number;
  removedSeq: number | undefined;
}

/**
 * Invariants 4 and 5: nothing is done that was not committed before (no phantom), and nothing that was
 * committed is dropped before it was done; with that the drain without storms (P9).
 */
export const faithfulOutbox = (books: Books): StateWatch => {
  const entries = new Map<string, Map<string, Committed>>();
  /** By task: when a work message was last sent, by anybody. */
  const lastSent = new Map<string, number>();
  const sendsBy = new Map<string, number>();
  const doubtful = new Set<string>();

  const committedFor = (taskId: string): Committed[] => {
    const { executionId, n } = splitTaskId(taskId);
    return [...(entries.get(executionId)?.values() ?? [])].filter(
      ({ entry }) => "task" in entry.command && entry.command.task === n,
    );
  };

  const checkWorkSent = ({ process, message, now }: SendSeen): void => {
    const { taskId } = message as Work;
    lastSent.set(taskId, books.seq);
    if (process.role !== "coordinator") return;
    const all = committedFor(taskId);
    must(all.length > 0, 4, () => `work for ${taskId} is sent that nobody has committed`);
    const { executionId } = splitTaskId(taskId);
    const isDoubtful = doubtful.has(`${process.id}|${executionId}`) || process.hasDoubt;
    const mayDrain = all.filter(
      ({ entry, by }) =>
        by === process ||
        isDoubtful ||
        Math.abs(now + process.skewMs - entry.at) >= books.scene.times.outboxAgeMs,
    );
    must(
      mayDrain.length > 0,
      4,
      () => `${process.id} drains what another has just committed for ${taskId}`,
      "P9",
    );
    const count = (sendsBy.get(`${process.id}|${taskId}`) ?? 0) + 1;
    sendsBy.set(`${process.id}|${taskId}`, count);
    must(
      count <= mayDrain.length,
      4,
      () => `${process.id} sends the same work for ${taskId} ${count} times`,
      "P9",
    );
  };

  const checkRecordWritten = ({ process, key, before, after }: WriteSeen): void => {
    if (process.role !== "coordinator") return;
    const taskId = String(after["taskId"]);
    const commands = committedFor(taskId).map(({ entry }) => entry.command);
    const answers = after["answers"] as { k: number } | undefined;
    const isCommitted =
      before?.["status"] === "SUSPENDED"
        ? commands.some((command) => command.type === "ResumeTask" && command.k === answers?.k)
        : commands.some(
            (command) => command.type === "ScheduleTask" && command.attempt === Number(after["attempt"]),
          );
    must(isCommitted, 4, () => `${key.pk} is written without a committed command`);
  };

  const checkRemoved = ({ executionId, after }: StateWrite, { entry, seq }: Committed): void => {
    const { command } = entry;
    const say = (what: string) => () => `${executionId}: ${command.type} ${entry.id} is removed, but ${what}`;
    if (command.type === "StopExecution" || command.type === "StopTasks") {
      const { stopped, stops } = stopsOf(books.permit(executionId));
      const tasks = command.type === "StopTasks" ? command.tasks : [];
      const isStopped =
        stopped !== undefined || (tasks.length > 0 && tasks.every((n) => stops[String(n)] !== undefined));
      must(isStopped, 5, say("PERMIT does not say so"), "P3");
      return;
    }
    if (!isWanted(after.state, command)) return;
    const taskId = taskIdOf(executionId, command.task);
    const agent = after.state.tasks[command.task - 1]?.agent ?? "";
    // A person has no queue: the record is all there is.
    must(isHuman(agent) || (lastSent.get(taskId) ?? 0) > seq, 5, say("no message was sent"), "P9");
    const record = books.peek(taskKey(agent, taskId));
    if (command.type === "ScheduleTask") {
      must(Number(record?.["attempt"] ?? 0) >= command.attempt, 5, say("the record does not say so"), "P9");
    }
    if (command.type === "ResumeTask") {
      const k = (record?.["suspension"] as { k: number } | undefined)?.k ?? 0;
      const isResumed = record?.["status"] !== "SUSPENDED" || k > command.k;
      must(isResumed, 5, say("the record is still suspended"), "P9");
    }
  };

  /** What a wrong clock has dated in the future is nobody's to wait for. */
  const checkLeft = (process: SimProcess, delivery: Delivery, seconds: number): void => {
    const { outboxAgeMs } = books.scene.times;
    // A handler for which a call failed comes back after a time of its own, which may be this one by chance.
    if (process.hasDoubt || books.scene.isLocal || seconds !== Math.ceil(outboxAgeMs / 1000)) return;
    const { executionId } = JSON.parse(delivery.body) as { executionId: string };
    const outbox = books.lastRead(process, stateKey(executionId))?.item?.["outbox"] ?? {};
    const left = Object.values(outbox as Record<string, OutboxEntry>);
    const clock = books.scheduler.now + process.skewMs;
    must(
      left.length === 0 || left.some(({ at }) => at - clock < outboxAgeMs),
      5,
      () => `${process.id} leaves commands of ${executionId} alone that are of the future`,
      "P9",
    );
  };

  return {
    sent(seen) {
      if (seen.message.kind === "work") checkWorkSent(seen);
    },
    refused(process, key) {
      if (key.sk === "STATE") doubtful.add(`${process.id}|${key.pk.slice("EXE#".length)}`);
    },
    wrote(seen) {
      if (seen.key.sk === "TASK") checkRecordWritten(seen);
    },
    stateWrote(write) {
      const { executionId, process, after, before } = write;
      const known = entries.get(executionId) ?? new Map<string, Committed>();
      entries.set(executionId, known);
      for (const [id, entry] of Object.entries(after.outbox)) {
        const earlier = known.get(id);
        if (earlier !== undefined) {
          must(earlier.removedSeq === undefined, 5, () => `${executionId}: ${id} is back in the outbox`);
          continue;
        }
        must(write.isCommit && id.startsWith(`${after.version}.`), 4, () => `${id} is in no commit`);
        known.set(id, { entry, by: process, seq: books.seq, removedSeq: undefined });
      }
      for (const id of Object.keys(before?.outbox ?? {})) {
        const committed = known.get(id);
        if (committed === undefined || after.outbox[id] !== undefined) continue;
        committed.removedSeq = books.seq;
        checkRemoved(write, committed);
      }
    },
    judged(process, queue, delivery, verdict) {
      if (queue !== "events" || verdict === undefined) return;
      if (verdict !== "done") return checkLeft(process, delivery, verdict.returnAfterSeconds);
      const { executionId } = JSON.parse(delivery.body) as { executionId: string };
      const read = books.lastRead(process, stateKey(executionId));
      if (read?.item === undefined) return;
      for (const [id, { seq, removedSeq }] of entries.get(executionId) ?? []) {
        must(
          seq > read.seq || removedSeq !== undefined,
          5,
          () => `${process.id} acknowledges a hint although ${id} of ${executionId} is not carried out`,
          "P9",
        );
      }
    },
  };
};

const isWanted = (state: ExecutionState, command: Extract<Command, { task: number }>): boolean => {
  const task = state.tasks[command.task - 1];
  if (state.status !== "RUNNING" || task?.status !== "SCHEDULED") return false;
  if (command.type === "ScheduleTask") return task.attempt === command.attempt;
  return command.type === "SendWork" || task.suspensions === command.k;
};
