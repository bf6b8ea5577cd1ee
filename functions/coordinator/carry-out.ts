import type { OutboxEntry } from "../shared/contracts/command.ts";
import type { TaskState } from "../shared/contracts/execution-state.ts";
import { isHuman } from "../shared/contracts/human.ts";
import { type TaskNumber, taskIdOf } from "../shared/contracts/ids.ts";
import type { Attribute } from "../shared/contracts/item.ts";
import { LIMITS } from "../shared/contracts/limits.ts";
import { permitKey, taskKey } from "../shared/contracts/resources.ts";
import type { StoredExecution } from "../shared/contracts/stored-execution.ts";
import type { TaskRecord } from "../shared/contracts/task-record.ts";
import type { CoordinatorPorts } from "../shared/ports/coordinator-ports.ts";
import { taskOf } from "./core/state.ts";
import { joinedAnswers } from "./joined-answers.ts";
import { newRecord } from "./new-record.ts";

/** Whose commands are carried out, and the records that need not be read again. */
export interface Assignment {
  readonly stored: StoredExecution;
  readonly records: ReadonlyMap<TaskNumber, TaskRecord>;
}

/**
 * One command, record first, then the message that refers to it. Doing it again does nothing new:
 * each write is conditional on what only a first time can find (P1), and a message is only work to
 * look at. What STATE no longer wants is passed over: it was carried out, or its task has ended.
 */
export const carryOut = async (
  ports: CoordinatorPorts,
  assignment: Assignment,
  { at, command }: OutboxEntry,
): Promise<void> => {
  const { state } = assignment.stored;
  switch (command.type) {
    case "ScheduleTask": {
      const task = wanted(assignment, command.task);
      if (task?.attempt !== command.attempt) return;
      if (command.attempt === 1) await create(ports, assignment, task);
      else await retry(ports, assignment, task);
      return send(ports, assignment, task, command.delaySeconds);
    }
    case "ResumeTask": {
      const task = wanted(assignment, command.task);
      if (task?.suspensions !== command.k) return;
      await resume(ports, assignment, task);
      return send(ports, assignment, task);
    }
    case "SendWork": {
      const task = wanted(assignment, command.task);
      return task === undefined ? undefined : send(ports, assignment, task);
    }
    case "StopTasks":
      return stopTasks(ports, assignment, command.tasks, { at, cause: command.cause });
    case "StopExecution":
      // Refused: it was stopped before.
      await ports.store.update(permitKey(state.executionId), {
        set: [[["stopped"], { at, cause: command.cause }]],
        when: [{ path: ["stopped"], is: "missing" }],
      });
  }
};

const wanted = ({ stored }: Assignment, n: TaskNumber): TaskState | undefined => {
  const task = taskOf(stored.state, n);
  return task?.status === "SCHEDULED" ? task : undefined;
};

const create = async (ports: CoordinatorPorts, assignment: Assignment, task: TaskState): Promise<void> => {
  const record = newRecord(assignment, task);
  // Without a packet the requester has moved on, which it can only after this task was created.
  if (record !== undefined) await ports.store.create({ ...taskKey(task.agent, record.taskId), ...record });
};

/** P14: turns, tool calls and answers stay; crashes are counted per attempt (P7). */
const retry = async ({ store }: CoordinatorPorts, { stored }: Assignment, task: TaskState): Promise<void> => {
  await store.update(taskKey(task.agent, taskIdOf(stored.state.executionId, task.n)), {
    set: [
      [["status"], "SCHEDULED"],
      [["attempt"], task.attempt],
      [["crashes"], 0],
    ],
    add: [
      [["epoch"], 1],
      [["version"], 1],
    ],
    remove: [["claim"], ["failure"]],
    when: [
      { path: ["status"], is: "equal", value: "FAILED" },
      { path: ["attempt"], is: "equal", value: task.attempt - 1 },
    ],
  });
};

const resume = async (
  { store }: CoordinatorPorts,
  assignment: Assignment,
  task: TaskState,
): Promise<void> => {
  const answers = await joinedAnswers(store, assignment, task);
  await store.update(taskKey(task.agent, taskIdOf(assignment.stored.state.executionId, task.n)), {
    set: [
      [["status"], "SCHEDULED"],
      [["answers"], answers as Attribute],
    ],
    add: [
      [["epoch"], 1],
      [["version"], 1],
    ],
    remove: [["claim"]],
    when: [
      { path: ["status"], is: "equal", value: "SUSPENDED" },
      { path: ["suspension", "k"], is: "equal", value: task.suspensions },
    ],
  });
};

/** A person finds the question in the record: the API shows it. */
const send = async (
  { queues }: CoordinatorPorts,
  { stored }: Assignment,
  task: TaskState,
  delaySeconds = 0,
): Promise<void> => {
  if (isHuman(task.agent)) return;
  const taskId = taskIdOf(stored.state.executionId, task.n);
  await queues.sendWork(task.agent, { v: 1, kind: "work", taskId }, { delaySeconds });
};

/** P3. In portions, because a store's update has only so much room for paths. */
const stopTasks = async (
  { store }: CoordinatorPorts,
  { stored }: Assignment,
  tasks: readonly TaskNumber[],
  stop: { at: number; cause: string },
): Promise<void> => {
  for (let from = 0; from < tasks.length; from += LIMITS.outboxMax) {
    await store.update(permitKey(stored.state.executionId), {
      set: tasks.slice(from, from + LIMITS.outboxMax).map((n) => [["stops", String(n)], stop] as const),
      when: [{ path: ["stops"], is: "present" }],
    });
  }
};
