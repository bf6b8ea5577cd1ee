import type { ExecutionState, TaskState } from "../../functions/shared/contracts/execution-state.ts";
import type { TaskRecord } from "../../functions/shared/contracts/task-record.ts";
import type { Tables } from "./tables.ts";
import { must } from "./violation.ts";
import { ABSENT, hasBit, recordOf, type World } from "./world.ts";

/** What holds in every world: STATE never says more than the records, and never what they do not say. */
export const worldLaws = (tables: Tables, world: World): void => {
  const state = tables.states.valueOf(world.state);
  for (const task of state.tasks) {
    const id = recordOf(world, task.n);
    const record = id === ABSENT ? undefined : tables.records.valueOf(id).item;
    taskLaws(task, record);
    if (record?.status === "SCHEDULED") spendingLaws(tables, world, state, task);
  }
};

const taskLaws = (task: TaskState, record: TaskRecord | undefined): void => {
  const says = record === undefined ? "nothing" : `${record.status} ${record.attempt}`;
  const what = `task ${task.n} is ${task.status} ${task.attempt}, its record ${says}`;
  switch (task.status) {
    case "SUCCEEDED":
      must(task.via !== undefined || record?.status === "SUCCEEDED", `6: ${what}`);
      break;
    case "FAILED":
      must(
        task.via !== undefined || (record?.status === "FAILED" && record.attempt === task.attempt),
        `6: ${what}`,
      );
      break;
    case "SUSPENDED":
      must(record?.status === "SUSPENDED" && record.suspension.k === task.suspensions, `9: ${what}`);
      break;
    case "SCHEDULED":
      // Not yet created, or not yet tried again: the order for it is in the outbox, or was.
      must(record === undefined ? task.attempt === 1 : task.attempt - record.attempt <= 1, `6: ${what}`);
      must((record?.attempt ?? 1) <= task.attempt, `6: ${what}`);
      break;
    case "TIMED_OUT":
    case "ABORTED":
      break;
  }
};

/** 10, P3: a task that ended without its agent's doing may reserve nothing, once its stop was carried out. */
const spendingLaws = (tables: Tables, world: World, state: ExecutionState, task: TaskState): void => {
  if (task.status === "SCHEDULED" || task.status === "SUSPENDED") return;
  const isOrdered = world.outbox.some((id) => {
    const { command } = tables.commands.valueOf(id);
    return (
      command.type === "StopExecution" || (command.type === "StopTasks" && command.tasks.includes(task.n))
    );
  });
  if (isOrdered) return;
  const isStopped = hasBit(world.stops, 0) || hasBit(world.stops, task.n);
  must(isStopped, `10: task ${task.n} is ${task.status} in a ${state.status} execution and may still spend`);
};

/** 15, 16: where nothing more can happen by itself the execution has ended, and nothing is left to do. */
export const restLaws = (tables: Tables, world: World): void => {
  const state = tables.states.valueOf(world.state);
  must(state.status !== "RUNNING", "15: nothing more happens, and the execution is running");
  must(world.outbox.length === 0, "16: nothing more happens, and the outbox is not empty");
};
