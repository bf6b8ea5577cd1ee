//   I1. A terminal execution never changes: its terminal event is the last, and nothing in it is open.
//   I2. A handoff joins once, when none of its branches is open.
//   I3. The state is the fold of the events: there is no other way to change a task or a handoff.
//   I4. Events are numbered without gaps, at one time, and the execution's end always fits the limit.
//   I5. Tasks and handoffs are numbered by their place; a branch comes after its requester.
//   I6. A running execution waits for something: each task in it is scheduled and has a check (P10),
//       or is suspended on handoffs that are its own.
//   I7. Work is ordered only for scheduled tasks, stops only for ended ones, and only while there is room.

import type { ExecutionState, TaskState } from "../../shared/contracts/execution-state.ts";
import { assert } from "../../shared/kernel/assert.ts";
import { applyEvent } from "./apply-event.ts";
import type { Context, Decision } from "./draft.ts";
import { branchesOf, handoffsOf, isOpen, isTerminal, latestHandoffs, openTasks, taskOf } from "./state.ts";

/** Throws AssertionFailed when `decide` is wrong; never because the state that it was given was. */
export const assertSound = (before: ExecutionState, decision: Decision, context: Context): void => {
  // Nearly every look changes nothing, and comparing a state with itself costs as much as deciding.
  if (decision.state === before && decision.events.length + decision.commands.length === 0) return;
  assertEvents(before, decision, context);
  assertCommands(decision, context);
  // By induction: a state that was edited by hand must not make every look at it throw.
  if (flawOf(before) === undefined) {
    const flaw = flawOf(decision.state);
    assert(flaw === undefined, `${flaw}`);
  }
};

/** How many more events the history may hold before the execution must be ended at once. */
export const eventsToSpare = (state: ExecutionState): number => {
  const forTheEnd = isTerminal(state) ? 0 : openTasks(state).length + 1;
  return state.limits.events - state.eventCount - forTheEnd;
};

const assertEvents = (before: ExecutionState, { state, events }: Decision, { now }: Context): void => {
  assert(!isTerminal(before) || state === before, "I1: a terminal execution changed");
  events.forEach((event, index) => {
    assert(event.n === before.eventCount + 1 + index, `I4: event ${event.n} is out of line`);
    assert(event.at === now, `I4: event ${event.n} is of another time`);
    const isEnd = event.type.startsWith("Execution") && event.type !== "ExecutionStarted";
    assert(!isEnd || index === events.length - 1, `I1: ${event.type} is not the last event`);
  });
  const folded = events.reduce(applyEvent, before);
  const rebuilt = { ...folded, checks: state.checks };
  assert(JSON.stringify(rebuilt) === JSON.stringify(state), "I3: the state is not the fold of the events");
};

const assertCommands = ({ state, commands }: Decision, { outboxRoom }: Context): void => {
  let work = 0;
  for (const command of commands) {
    switch (command.type) {
      case "ScheduleTask":
      case "ResumeTask":
      case "SendWork":
        work += 1;
        assert(
          taskOf(state, command.task)?.status === "SCHEDULED",
          `I7: ${command.type} for ${command.task}`,
        );
        break;
      case "StopTasks":
        for (const n of command.tasks) {
          const task = taskOf(state, n);
          assert(task !== undefined && !isOpen(task), `I7: task ${n} is stopped but open`);
        }
        break;
      case "StopExecution":
        assert(isTerminal(state), "I7: an execution that goes on is stopped");
        break;
    }
  }
  assert(work === 0 || work <= outboxRoom, `I7: ${work} commands for a room of ${outboxRoom}`);
};

/** What is wrong with a state in itself; `undefined` when nothing is. */
export const flawOf = (state: ExecutionState): string | undefined =>
  flawOfEnd(state) ??
  state.tasks.map((task, index) => flawOfTask(state, task, index)).find((flaw) => flaw !== undefined) ??
  flawOfHandoffs(state);

const flawOfEnd = (state: ExecutionState): string | undefined => {
  if (eventsToSpare(state) < 0) return "I4: the execution's end does not fit its history";
  if (isTerminal(state)) {
    if (openTasks(state).length > 0) return "I1: a task is open in a terminal execution";
    if (Object.keys(state.checks).length > 0) return "I1: a terminal execution is to be checked";
    return undefined;
  }
  return state.eventCount > 0 && openTasks(state).length === 0 ? "I6: nothing is waited for" : undefined;
};

const flawOfTask = (state: ExecutionState, task: TaskState, index: number): string | undefined => {
  if (task.n !== index + 1) return `I5: task ${task.n} is at place ${index + 1}`;
  const hasCheck = state.checks[task.n] !== undefined;
  if (hasCheck !== (task.status === "SCHEDULED")) return `I6: task ${task.n} is ${task.status} in the checks`;
  if (task.status === "SUSPENDED" && latestHandoffs(state, task).length === 0) {
    return `I6: task ${task.n} is suspended on nothing`;
  }
  const handoff = task.handoff === undefined ? undefined : state.handoffs[task.handoff - 1];
  if (task.handoff !== undefined && handoff?.branches.includes(task.n) !== true) {
    return `I5: task ${task.n} is no branch of its handoff`;
  }
  return undefined;
};

const flawOfHandoffs = (state: ExecutionState): string | undefined => {
  for (const [index, handoff] of state.handoffs.entries()) {
    const { n, requester, branches, k } = handoff;
    if (n !== index + 1) return `I5: handoff ${n} is at place ${index + 1}`;
    if (branches.some((branch) => branch <= requester || taskOf(state, branch)?.handoff !== n)) {
      return `I5: a branch of handoff ${n} is not its own`;
    }
    if (handoffsOf(state, requester, k).length > (handoff.calls ?? 1)) {
      return `I2: suspension ${k} of task ${requester} was carried out twice`;
    }
    const open = branchesOf(state, handoff).filter(isOpen).length;
    if (handoff.status === "JOINED" && open > 0) return `I2: handoff ${n} joined before its branches ended`;
    if (open > 0 && taskOf(state, requester)?.status !== "SUSPENDED") {
      return `I6: nobody waits for the branches of handoff ${n}`;
    }
  }
  return undefined;
};
