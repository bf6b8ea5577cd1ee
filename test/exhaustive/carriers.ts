import {
  answeringTask,
  branchesOf,
  handoffsOf,
  isTerminal,
  taskOf,
} from "../../functions/coordinator/core/state.ts";
import type { Command } from "../../functions/shared/contracts/command.ts";
import type { ExecutionState } from "../../functions/shared/contracts/execution-state.ts";
import { splitTaskId, type TaskNumber } from "../../functions/shared/contracts/ids.ts";
import { permitKey, taskKey } from "../../functions/shared/contracts/resources.ts";
import { TaskRecord } from "../../functions/shared/contracts/task-record.ts";
import { ManualClock, MemoryQueues, MemoryStore, seededRandom, silentLog } from "../support/memory-ports.ts";
import { coordinatorWriteLaws, resumeLaws } from "./laws.ts";
import { agentsOf, TIMES, timeOf } from "./scenario.ts";
import type { Tables } from "./tables.ts";
import { ABSENT, CODES, recordOf, type World } from "./world.ts";

interface Carried {
  readonly records: readonly (readonly [TaskNumber, number])[];
  readonly sent: number;
  readonly stops: number;
}

/**
 * Whoever drains: who committed, who comes later, both at once, in any order. Dying after a command and
 * before the removal of its entry is the same as waking up later and carrying it out once more.
 */
export class Carriers {
  readonly #tables: Tables;
  readonly #carried = new Map<string, Carried>();
  readonly #handoffs = new Map<number, number>();

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  async *next(world: World): AsyncGenerator<{ label: string; world: World; isGhost?: boolean }> {
    const hasEnded = isTerminal(this.#tables.states.valueOf(world.state));
    for (const entry of world.outbox) {
      const label = JSON.stringify(this.#tables.commands.valueOf(entry).command);
      const carried = await this.#carry(world, entry, "now");
      const outbox = world.outbox.filter((other) => other !== entry);
      const records = withRecords(world, carried);
      yield { label: `carry out ${label}`, world: { ...applied(world, carried, records), outbox } };
      if (this.#tables.scenario.deaths && carried.records.length > 0) {
        yield { label: `die in ${label} before the message`, world: { ...world, records } };
      }
      // After the end the order makes no difference any more.
      if (hasEnded) return;
    }
    yield* this.#ghosts(world);
  }

  /** What was carried out long ago, once more, by a handler that froze when it had just committed. */
  async *#ghosts(world: World): AsyncGenerator<{ label: string; world: World; isGhost: boolean }> {
    const state = this.#tables.states.valueOf(world.state);
    for (let entry = 0; entry < this.#tables.commands.size; entry++) {
      const { command } = this.#tables.commands.valueOf(entry);
      if (world.outbox.includes(entry) || !wasCommitted(state, command)) continue;
      const carried = await this.#carry(world, entry, "then");
      const label = `wake up in ${JSON.stringify(command)}`;
      yield { label, world: applied(world, carried, withRecords(world, carried)), isGhost: true };
    }
  }

  async #carry(world: World, entry: number, knowing: "now" | "then"): Promise<Carried> {
    const { command } = this.#tables.commands.valueOf(entry);
    const now = this.#tables.states.valueOf(world.state);
    const places = relevantTasks(now, command);
    const view = knowing === "then" ? "then" : this.#viewOf(world.state, command);
    const told = command.type === "ResumeTask" ? world.state : this.#handoffsOf(world.state);
    const key = `${entry}|${view}|${told}|${world.phase}|${places.map((n) => recordOf(world, n))}`;
    const known = this.#carried.get(key);
    if (known !== undefined) return known;
    const state = knowing === "now" ? now : asCommitted(now, command);
    const carried = await this.#perform(world, entry, state, places);
    this.#carried.set(key, carried);
    return carried;
  }

  /** What decides whether the command is still wanted. */
  #viewOf(stateId: number, command: Command): string {
    const task = "task" in command ? taskOf(this.#tables.states.valueOf(stateId), command.task) : undefined;
    return task === undefined ? "" : `${task.status}${task.attempt}.${task.suspensions}`;
  }

  /** What a new task is told depends on nothing of the state but the handoffs that led to it. */
  #handoffsOf(stateId: number): number {
    const known = this.#handoffs.get(stateId);
    if (known !== undefined) return known;
    const { handoffs } = this.#tables.states.valueOf(stateId);
    const code = CODES.idOf(handoffs.map(({ status: _status, ...handoff }) => handoff));
    this.#handoffs.set(stateId, code);
    return code;
  }

  async #perform(
    world: World,
    entry: number,
    state: ExecutionState,
    places: readonly TaskNumber[],
  ): Promise<Carried> {
    const { command } = this.#tables.commands.valueOf(entry);
    const store = new MemoryStore();
    const queues = new MemoryQueues();
    const permit = permitKey(state.executionId);
    store.force({ ...permit, stops: {} });
    const records = new Map<TaskNumber, TaskRecord>();
    for (const n of places) {
      const id = recordOf(world, n);
      if (id === ABSENT) continue;
      const { item } = this.#tables.records.valueOf(id);
      store.force(item as never);
      records.set(n, item);
    }
    const at = timeOf(world.phase);
    const stored = { version: 1, state, events: [], outbox: [], nextCheckAt: undefined, throws: 0 };
    const { scenario, protocol } = this.#tables;
    await protocol.carryOut(
      {
        store,
        queues,
        clock: new ManualClock(at),
        random: seededRandom(1),
        log: silentLog,
        agents: agentsOf(scenario),
        times: TIMES,
      },
      { stored, records },
      { id: "1.0", at, command },
    );
    const items = store.items();
    const changed: (readonly [TaskNumber, number])[] = [];
    for (const n of places) {
      const task = taskOf(state, n);
      if (task === undefined) continue;
      const { pk } = taskKey(task.agent, `${state.executionId}.${n}`);
      const item = items.find((other) => other.pk === pk);
      const before = records.get(n);
      if (item === undefined || JSON.stringify(item) === JSON.stringify(before)) continue;
      const after = TaskRecord.parse(item);
      coordinatorWriteLaws(command, before, after);
      if (command.type === "ResumeTask") resumeLaws(state, after, records);
      changed.push([n, this.#tables.keep(withoutAnswers(item as never), recordOf(world, n))]);
    }
    const { stops, stopped } = items.find((item) => item.pk === permit.pk) as unknown as {
      stops: object;
      stopped?: object;
    };
    return {
      records: changed,
      sent: bitsOf(
        queues.sent.map(({ message }) => ("taskId" in message ? splitTaskId(message.taskId).n : 0)),
      ),
      stops: bitsOf([...Object.keys(stops).map(Number), ...(stopped === undefined ? [] : [0])]),
    };
  }
}

const withRecords = (world: World, { records }: Carried): readonly number[] => {
  if (records.length === 0) return world.records;
  const next = [...world.records];
  for (const [n, id] of records) {
    while (next.length < n) next.push(ABSENT);
    next[n - 1] = id;
  }
  return next;
};

const applied = (world: World, { sent, stops }: Carried, records: readonly number[]): World => ({
  ...world,
  records,
  sent: world.sent | sent,
  stops: world.stops | stops,
});

/** Whether the command was ordered, as far as the state shows. */
const wasCommitted = (state: ExecutionState, command: Command): boolean => {
  if (command.type !== "ScheduleTask" && command.type !== "ResumeTask") return false;
  const task = taskOf(state, command.task);
  if (task === undefined) return false;
  if (command.type === "ScheduleTask") return task.attempt >= command.attempt;
  if (task.suspensions > command.k) return true;
  // An end that overtook the join looks alike; then there was no such command.
  const handoffs = state.handoffs.filter(({ requester, k }) => requester === task.n && k === command.k);
  const hasJoined = handoffs.length > 0 && handoffs.every(({ status }) => status === "JOINED");
  return task.suspensions === command.k && task.status !== "SUSPENDED" && task.via === undefined && hasJoined;
};

/** The state as it was when the command was committed, as far as carrying it out depends on it. */
const asCommitted = (state: ExecutionState, command: Command): ExecutionState => ({
  ...state,
  tasks: state.tasks.map((task) => {
    if (!("task" in command) || task.n !== command.task) return task;
    const status = "SCHEDULED" as const;
    if (command.type === "ScheduleTask") return { ...task, status, attempt: command.attempt };
    return command.type === "ResumeTask" ? { ...task, status, suspensions: command.k } : task;
  }),
});

/** Whose records the command may read or write. */
const relevantTasks = (
  state: ExecutionState,
  command: { readonly type: string; readonly task?: TaskNumber; readonly k?: number },
): TaskNumber[] => {
  const task = command.task === undefined ? undefined : taskOf(state, command.task);
  if (task === undefined) return [];
  if (command.type === "ResumeTask") {
    const branches = handoffsOf(state, task.n, command.k ?? 0).flatMap((handoff) =>
      branchesOf(state, handoff),
    );
    return [task.n, ...new Set(branches.flatMap((branch) => [branch.n, answeringTask(state, branch).n]))];
  }
  const requester = task.handoff === undefined ? undefined : state.handoffs[task.handoff - 1]?.requester;
  return requester === undefined ? [task.n] : [task.n, requester];
};

/** Checked when they are written, and of no influence on anything after. */
const withoutAnswers = <Item extends { answers?: { k: number } }>(item: Item): Item =>
  item.answers === undefined ? item : { ...item, answers: { k: item.answers.k, results: [] } };

const bitsOf = (numbers: readonly number[]): number => numbers.reduce((bits, n) => bits | (1 << n), 0);
