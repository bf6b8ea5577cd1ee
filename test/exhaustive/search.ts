import { isTerminal } from "../../functions/coordinator/core/state.ts";
import { initialState } from "../../functions/shared/contracts/execution-state.ts";
import { DEFAULT_EXECUTION_LIMITS } from "../../functions/shared/contracts/limits.ts";
import { Carriers } from "./carriers.ts";
import { Interner } from "./interner.ts";
import { Looks } from "./looks.ts";
import { PROTOCOL, type Protocol } from "./protocol.ts";
import { EXECUTION_DEADLINE_SECONDS, type Scenario, START } from "./scenario.ts";
import { Tables } from "./tables.ts";
import { must, Violation } from "./violation.ts";
import { Workers } from "./workers.ts";
import { hasBit, type World, WorldKeys } from "./world.ts";
import { restLaws, worldLaws } from "./world-laws.ts";

export interface Searched {
  readonly states: number;
  readonly transitions: number;
  /** Worlds in which nothing more happens: all are ends. */
  readonly ends: number;
  readonly decisions: number;
}

/**
 * Every world that a scenario can lead to, breadth first, so that a violation comes with a shortest
 * way to it. Each step is the deployed code's own; a step that was taken before from the same
 * numbers is remembered. Rejects with a Violation.
 *
 * Left out, and the simulator's to show: time other than deadlines, the purse, turns and tools,
 * faults of store and queue other than death and delay, more than these tasks and attempts. A full
 * look reads all records at one moment; a look at one record may be arbitrarily late.
 */
export const search = async (scenario: Scenario, protocol: Protocol = PROTOCOL): Promise<Searched> => {
  const tables = new Tables(scenario, protocol);
  const looks = new Looks(tables);
  const carriers = new Carriers(tables);
  const workers = new Workers(tables);
  const keys = new WorldKeys(tables, new Set(Object.keys(scenario.asks)));
  const way = new Way();
  const first = firstWorld(tables);
  /** In the order of discovery; a world that was looked at is needed no more, and millions would not fit. */
  const worlds: (World | undefined)[] = [first];
  const ids = new Map<string, number>([[keys.keyOf(first), 0]]);
  let transitions = 0;
  let ends = 0;

  for (let at = 0; at < worlds.length; at++) {
    const world = worlds[at];
    if (world === undefined) continue;
    worlds[at] = undefined;
    const rank = rankOf(tables, world);
    let isAtRest = true;
    let step = "";
    const take = (label: string, next: World, isOfItself: boolean): void => {
      step = label;
      transitions += 1;
      const key = keys.keyOf(next);
      const known = ids.get(key);
      if (known === at) return;
      if (isOfItself) isAtRest = false;
      // Every step leads up, so there are no circles: whatever happens, it comes to rest.
      must(rankOf(tables, next) > rank, "15: a step that leads nowhere");
      if (known !== undefined) return;
      ids.set(key, worlds.length);
      worlds.push(next);
      way.add(at, label);
    };
    try {
      worldLaws(tables, world);
      for (const { label, world: next } of looks.next(world)) take(label, next, true);
      for await (const { label, world: next, isGhost } of carriers.next(world))
        take(label, next, isGhost !== true);
      // After the end agents change nothing that anybody looks at; what they may still spend is a law.
      if (!isTerminal(tables.states.valueOf(world.state))) {
        for await (const { label, world: next } of workers.next(world)) take(label, next, true);
        for (const { label, world: next } of surroundings(scenario, world)) take(label, next, false);
      }
      step = "";
      if (isAtRest) {
        ends += 1;
        restLaws(tables, world);
      }
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const steps = [...way.to(at), ...(step === "" ? [] : [`(${step} and what follows)`])];
      throw new Violation(`${error.message}\n  ${steps.join("\n  ")}`, { cause: error });
    }
  }
  return { states: worlds.length, transitions, ends, decisions: looks.decisions };
};

/** What happens to the system without its doing. */
function* surroundings(scenario: Scenario, world: World): Generator<{ label: string; world: World }> {
  if (scenario.canStop && !hasBit(world.stops, 0)) {
    yield { label: "the user stops the execution", world: { ...world, stops: world.stops | 1 } };
  }
  if (world.phase < scenario.deadlines)
    yield { label: "time passes", world: { ...world, phase: world.phase + 1 } };
}

const firstWorld = (tables: Tables): World => {
  const state = initialState({
    executionId: "01HZZZZZZZZZZZZZZZZZZZZZZZ",
    tenant: "default",
    createdAt: START,
    expiresAt: START / 1000 + 10_000,
    agent: "coder",
    input: { inline: "do it" },
    limits: { ...DEFAULT_EXECUTION_LIMITS, deadlineSeconds: EXECUTION_DEADLINE_SECONDS },
  });
  return { state: tables.states.idOf(state), records: [], outbox: [], sent: 0, stops: 0, phase: 0 };
};

/** Grows with every step: events are added, records get new versions, entries leave, bits are set. */
const rankOf = (tables: Tables, world: World): number => {
  const versions = world.records.reduce(
    (sum, id) => sum + (id < 0 ? 0 : tables.records.valueOf(id).item.version),
    0,
  );
  const { eventCount } = tables.states.valueOf(world.state);
  return (
    100 * eventCount + versions - world.outbox.length + bits(world.sent) + bits(world.stops) + world.phase
  );
};

const bits = (number: number): number => {
  let count = 0;
  for (let left = number; left !== 0; left &= left - 1) count += 1;
  return count;
};

/** How each world was first reached. */
class Way {
  readonly #from: number[] = [-1];
  readonly #labels = new Interner<string>();
  readonly #steps: number[] = [-1];

  add(from: number, label: string): void {
    this.#from.push(from);
    this.#steps.push(this.#labels.idOf(label, label));
  }

  to(world: number): string[] {
    const labels: string[] = [];
    for (let at = world; at > 0; at = this.#from[at] ?? -1)
      labels.push(this.#labels.valueOf(this.#steps[at] ?? 0));
    return labels.reverse();
  }
}
