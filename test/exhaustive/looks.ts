import type { Context, Decision } from "../../functions/coordinator/core/draft.ts";
import type { Fact } from "../../functions/coordinator/core/fact.ts";
import { hasUnrequestedCalls } from "../../functions/coordinator/core/state.ts";
import { decisionLaws } from "./laws.ts";
import { agentsOf, TIMES, timeOf } from "./scenario.ts";
import type { Tables } from "./tables.ts";
import { ABSENT, hasBit, recordOf, type World } from "./world.ts";

/** A look at the table and the commit that follows, as one step: the commit is conditional on STATE's version. */
interface Look {
  readonly label: string;
  readonly facts: readonly number[];
  readonly isFull: boolean;
  readonly sawStop: boolean;
}

interface Judged {
  readonly state: number;
  readonly commands: readonly number[];
}

/** Anybody looks at anything at any time: that covers every hint, doubled, late or never sent. */
export class Looks {
  readonly #tables: Tables;
  readonly #judged = new Map<string, Judged | undefined>();
  decisions = 0;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  *next(world: World): Generator<{ label: string; world: World }> {
    for (const look of this.#looks(world)) {
      const judged = this.#judge(world, look);
      if (judged === undefined) continue;
      const outbox = [...world.outbox, ...judged.commands].sort((a, b) => a - b);
      yield { label: look.label, world: { ...world, state: judged.state, outbox } };
    }
  }

  *#looks(world: World): Generator<Look> {
    const { states, facts, records } = this.#tables;
    const state = states.valueOf(world.state);
    const sights = hasBit(world.stops, 0) ? [true, false] : [false];
    for (const sawStop of sights) {
      const seen = sawStop ? ", seeing the stop" : "";
      if (state.eventCount === 0) yield { label: `look${seen}`, facts: [], isFull: false, sawStop };
      // One record, as it is or as it once was: reads of several items are no snapshot.
      for (const { n } of state.tasks) {
        const record = recordOf(world, n);
        if (record === ABSENT) continue;
        for (const fact of records.valueOf(record).facts) {
          const label = `look at task ${n}: ${facts.valueOf(fact).type}${seen}`;
          yield { label, facts: [fact], isFull: false, sawStop };
        }
      }
      const open = state.tasks.filter(
        (task) => task.status === "SCHEDULED" || hasUnrequestedCalls(state, task),
      );
      const all = open.map(({ n, attempt }) => this.#currentFact(world, n, attempt));
      yield { label: `full look${seen}`, facts: all.sort((a, b) => a - b), isFull: true, sawStop };
    }
  }

  /** Leases are left out: nothing is ever due to be sent anew. */
  #currentFact(world: World, n: number, attempt: number): number {
    const { facts, records } = this.#tables;
    const record = recordOf(world, n);
    if (record === ABSENT) return facts.idOf({ type: "TaskSeenOpen", task: n, attempt });
    const { item, facts: known } = records.valueOf(record);
    const newest = known.at(-1);
    return item.status === "SCHEDULED" || newest === undefined
      ? facts.idOf({ type: "TaskSeenOpen", task: n, attempt: item.attempt })
      : newest;
  }

  #judge(world: World, look: Look): Judged | undefined {
    const outboxRoom = Math.max(0, this.#tables.scenario.outboxMax - world.outbox.length);
    // Room that is never used up makes no difference.
    const room = Math.min(outboxRoom, ROOMY);
    const key = `${world.state}|${look.facts}|${world.phase}${look.isFull ? "f" : ""}${look.sawStop ? "s" : ""}${room}`;
    if (this.#judged.has(key)) return this.#judged.get(key);
    const judged = this.#decide(world, look, room);
    this.#judged.set(key, judged);
    return judged;
  }

  #decide(world: World, look: Look, outboxRoom: number): Judged | undefined {
    const { states, scenario, protocol } = this.#tables;
    const state = states.valueOf(world.state);
    const facts: Fact[] = look.facts.map((id) => this.#tables.facts.valueOf(id));
    if (state.eventCount === 0) facts.push({ type: "Started" });
    if (look.sawStop) facts.push({ type: "StopRequested", cause: "stopped by the user" });
    if (look.isFull) facts.push({ type: "ClockTicked" });
    const context: Context = {
      now: timeOf(world.phase),
      agents: agentsOf(scenario),
      times: TIMES,
      outboxRoom,
    };
    this.decisions += 1;
    const decision: Decision = protocol.decide(state, facts, context);
    decisionLaws(state, facts, context, decision, protocol.decide);
    if (decision.state === state) return undefined;
    return {
      state: states.idOf(decision.state),
      commands: decision.commands.map((command) => this.#tables.commandId(command)),
    };
  }
}

const ROOMY = 20;
