import type { ExecutionState, TaskState } from "../../functions/shared/contracts/execution-state.ts";
import type { TaskNumber } from "../../functions/shared/contracts/ids.ts";
import type { Interner } from "./interner.ts";
import type { KeptCommand, KeptRecord } from "./kept.ts";

/** Everything that is stored or sent, in numbers that the model's interners know. */
export interface World {
  readonly state: number;
  /** Of task n at n - 1; `ABSENT` when there is none. */
  readonly records: readonly number[];
  /** Committed and not yet carried out, ascending. */
  readonly outbox: readonly number[];
  /** Bit n: a work message for task n was sent. It stays for ever: every duplicate, however late. */
  readonly sent: number;
  /** Bit 0: PERMIT says stopped; bit n: it says so of task n. */
  readonly stops: number;
  /** How many deadlines have passed. */
  readonly phase: number;
}

export const ABSENT = -1;

export const recordOf = ({ records }: World, n: TaskNumber): number => records[n - 1] ?? ABSENT;

export const hasBit = (bits: number, n: number): boolean => (bits & (1 << n)) !== 0;

/**
 * One key for all worlds that differ only in the order of branches which may do the same, or of
 * handoffs that are alike: they have the same futures, so one of them is enough.
 */
export class WorldKeys {
  readonly #states: Interner<ExecutionState>;
  readonly #records: Interner<KeptRecord>;
  readonly #commands: Interner<KeptCommand>;
  /** Agents that may hand off are told apart from those that only answer. */
  readonly #mayAsk: ReadonlySet<string>;
  readonly #shapes = new Map<number, Shape>();

  constructor(
    interners: {
      states: Interner<ExecutionState>;
      records: Interner<KeptRecord>;
      commands: Interner<KeptCommand>;
    },
    mayAsk: ReadonlySet<string>,
  ) {
    this.#states = interners.states;
    this.#records = interners.records;
    this.#commands = interners.commands;
    this.#mayAsk = mayAsk;
  }

  keyOf(world: World): string {
    const shape = this.#shapeOf(world.state);
    const stopEntries = world.outbox.filter((id) => this.#commands.valueOf(id).task === undefined).length;
    const head = `${shape.head}|${world.phase}${world.stops & 1}${stopEntries}.${world.outbox.length}|`;
    return head + (shape.entry === undefined ? "" : this.#keyOfTask(world, shape.entry));
  }

  #keyOfTask(world: World, task: TaskShape): string {
    const id = recordOf(world, task.n);
    const record = id === ABSENT ? "-" : this.#records.valueOf(id).code;
    let pending = "";
    for (const entry of world.outbox) {
      const command = this.#commands.valueOf(entry);
      if (command.task === task.n || command.stops?.includes(task.n)) pending += command.code;
    }
    const sent = hasBit(world.sent, task.n) ? 1 : 0;
    const stopped = hasBit(world.stops, task.n) ? 1 : 0;
    const own = `${task.code}.${record}.${pending}.${sent}${stopped}`;
    if (task.handoffs.length === 0) return own;
    const answered = id === ABSENT ? 0 : (this.#records.valueOf(id).item.answers?.k ?? 0);
    const handoffs = task.handoffs.map(({ k, code, branches }) => {
      // Nobody asks any more what became of branches whose answers were given.
      if (k <= answered) return "";
      const keys = branches.map((branch) => this.#keyOfTask(world, branch));
      return `${code}[${keys.sort().join(";")}]`;
    });
    return `${own}(${handoffs.sort().join("")})`;
  }

  #shapeOf(id: number): Shape {
    const known = this.#shapes.get(id);
    if (known !== undefined) return known;
    const state = this.#states.valueOf(id);
    const shape = {
      head: `${state.status[0]}${state.eventCount === 0 ? "new" : ""}`,
      entry: state.tasks[0] === undefined ? undefined : this.#shapeOfTask(state, state.tasks[0]),
    };
    this.#shapes.set(id, shape);
    return shape;
  }

  #shapeOfTask(state: ExecutionState, task: TaskState): TaskShape {
    const { n, agent, handoff: _handoff, via, ...rest } = task;
    const who = this.#mayAsk.has(agent) ? agent : "";
    const { at } = state.checks[n] ?? {};
    const handoffs = state.handoffs
      .filter(({ requester }) => requester === n)
      .map(({ k, mode, onFailure, deadlineAt, status, branches }) => ({
        k,
        code: CODES.idOf([k, mode, onFailure, deadlineAt, status]).toString(36),
        branches: branches.flatMap((branch) => {
          const found = state.tasks[branch - 1];
          return found === undefined ? [] : this.#shapeOfTask(state, found);
        }),
      }));
    return { n, code: CODES.idOf([rest, who, at, via !== undefined]).toString(36), handoffs };
  }
}

/** Codes are numbers of what counts, the same whatever the order of arrival. */
export const CODES = (() => {
  const ids = new Map<string, number>();
  return {
    idOf: (value: unknown): number => {
      const key = JSON.stringify(value);
      const known = ids.get(key);
      if (known !== undefined) return known;
      ids.set(key, ids.size);
      return ids.size - 1;
    },
  };
})();

interface Shape {
  readonly head: string;
  readonly entry: TaskShape | undefined;
}

interface TaskShape {
  readonly n: TaskNumber;
  readonly code: string;
  readonly handoffs: readonly {
    readonly k: number;
    readonly code: string;
    readonly branches: readonly TaskShape[];
  }[];
}
