import type { OnFailure } from "../../functions/shared/contracts/handoff.ts";
import type { Chance } from "./chance.ts";
import { drawAnswer, drawQuestions, drawTools } from "./drawn-steps.ts";
import { ANSWER, type HandoffStep, type Plan, type Step, UNPLANNED } from "./plan.ts";

export interface PlanOptions {
  readonly agents: readonly string[];
  /** Handoffs may have deadlines; not where nobody would come to see that one has passed. */
  readonly hasDeadlines: boolean;
  readonly isOdd: boolean;
  /** Chance of its own in worlds where agents ask people, so that no other world is another for it. */
  readonly people?: Chance | undefined;
  /** The world of an old seed: its trees are as large as they were. */
  readonly isOld: boolean;
}

/** Tasks of one tree, and how often it is a wide one: small worlds see more for their time. */
const TASKS_MAX = [3, 5, 8, 12] as const;
const WIDE = 0.008;
const BEFORE = { tasksMax: 12, wide: 0.015 };

/** The plans of one world; a task's text names its plan, a plan its answer. */
export class PlanBook {
  readonly #plans: Plan[] = [];
  readonly #chance: Chance;
  readonly #options: PlanOptions;

  constructor(chance: Chance, options: PlanOptions) {
    this.#chance = chance;
    this.#options = options;
  }

  get(id: number): Plan {
    return this.#plans[id] ?? UNPLANNED;
  }

  /** A whole tree of handoffs below an entry task. */
  drawEntry(): Plan {
    if (this.#options.isOdd && this.#chance.hit(0.05)) return this.#pingPong("coder", 8);
    if (this.#chance.hit(0.25)) return this.#standard();
    const { isOld, agents } = this.#options;
    if (this.#chance.hit(isOld ? BEFORE.wide : WIDE)) return this.#wide();
    const tasks = isOld ? BEFORE.tasksMax : this.#chance.pick(TASKS_MAX);
    return this.#draw(this.#chance.pick(agents) ?? "coder", 0, { tasks });
  }

  /** The flow of the README: planner and critic at the same time, then the coder's own answer. */
  #standard(): Plan {
    return this.#asking("coder", { mode: "parallel", to: [this.#leaf("planner"), this.#leaf("critic")] });
  }

  /** Many branches that spend from one purse at once. */
  #wide(): Plan {
    const to = Array.from({ length: this.#chance.int(20, 60) }, () => this.#leaf("critic"));
    return this.#asking("coder", { mode: "parallel", to });
  }

  #pingPong(agent: string, depth: number): Plan {
    if (depth === 0) return this.#leaf(agent);
    const other = agent === "coder" ? "planner" : "coder";
    return this.#asking(agent, { mode: "single", to: [this.#pingPong(other, depth - 1)] });
  }

  #leaf(agent: string): Plan {
    return this.#add(agent, [ANSWER]);
  }

  #asking(agent: string, handoff: HandoffStep): Plan {
    return this.#add(agent, [{ kind: "handoffs", calls: [handoff], beside: [] }, ANSWER]);
  }

  #draw(agent: string, depth: number, budget: { tasks: number }): Plan {
    budget.tasks -= 1;
    const chance = this.#chance;
    if (this.#options.isOdd && chance.hit(0.02)) {
      const call = { name: "look_up", input: { key: "again" } };
      return this.#add(agent, [{ kind: "tools", calls: [call] }], "endless");
    }
    if (this.#options.isOdd && chance.hit(0.015)) return this.#add(agent, [ANSWER], "deadly");
    if (this.#options.isOdd && chance.hit(0.015)) return this.#add(agent, [ANSWER], "hopeless");
    const steps: Step[] = [];
    const turns = chance.int(0, depth === 0 ? 3 : 2);
    for (let turn = 0; turn < turns; turn++) {
      if (depth < 4 && budget.tasks > 0 && chance.hit(depth === 0 ? 0.75 : 0.4)) {
        const step = this.#drawHandoffs(agent, depth, budget);
        steps.push(step);
        if (step.calls[0]?.mode === "transfer") break;
      } else {
        steps.push({ kind: "tools", calls: drawTools(chance) });
      }
    }
    steps.push(drawAnswer(chance));
    return this.#add(agent, steps);
  }

  #drawHandoffs(
    agent: string,
    depth: number,
    budget: { tasks: number },
  ): Extract<Step, { kind: "handoffs" }> {
    const chance = this.#chance;
    const beside = chance.hit(0.3) ? drawTools(chance) : [];
    const calls: HandoffStep[] = [];
    const count = chance.hit(0.2) ? 2 : 1;
    for (let call = 0; call < count; call++) calls.push(this.#drawHandoff(agent, depth, budget, count === 1));
    return { kind: "handoffs", calls, beside };
  }

  #drawHandoff(agent: string, depth: number, budget: { tasks: number }, mayTransfer: boolean): HandoffStep {
    const chance = this.#chance;
    const mode = chance.hit(0.6) ? "parallel" : mayTransfer && chance.hit(0.4) ? "transfer" : "single";
    const branches = mode === "parallel" ? chance.int(2, 3) : 1;
    const peers = this.#options.agents.filter((name) => name !== agent);
    const to = Array.from({ length: branches }, () =>
      this.#draw(chance.pick(peers) ?? "critic", depth + 1, budget),
    );
    const drawn = chance.fraction();
    const onFailure: OnFailure | undefined =
      drawn < 0.5 ? undefined : drawn < 0.8 ? "fail-fast" : { quorum: chance.int(1, branches) };
    return {
      mode,
      to,
      ...(onFailure === undefined ? {} : { onFailure }),
      ...(this.#options.hasDeadlines && chance.hit(0.15) ? { deadlineSeconds: chance.int(5, 900) } : {}),
    };
  }

  /** A turn or two with questions before the last step. */
  #withQuestions(steps: readonly Step[]): readonly Step[] {
    const { people, hasDeadlines } = this.#options;
    if (people?.hit(0.35) !== true) return steps;
    const length = people.hit(0.4) ? 2 : 1;
    const asking = Array.from({ length }, () => drawQuestions(people, hasDeadlines));
    return [...steps.slice(0, -1), ...asking, ...steps.slice(-1)];
  }

  #add(agent: string, planned: readonly Step[], fate: Plan["fate"] = "ordinary"): Plan {
    const steps = this.#withQuestions(planned);
    const plan: Plan = { id: this.#plans.length, agent, steps, fate };
    this.#plans.push(plan);
    return plan;
  }
}
