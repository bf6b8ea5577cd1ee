import type { HandoffMode, OnFailure } from "../../functions/shared/contracts/handoff.ts";
import type { Chance } from "./chance.ts";

/** What one task's model will do, turn by turn. The plan's number stands in the task's text. */
export interface Plan {
  readonly id: number;
  readonly agent: string;
  readonly steps: readonly Step[];
  /**
   * `endless`: the last step again and again. `deadly`: each function that asks the model for it dies.
   * `hopeless`: the provider answers 529 for ever. The last two do not end with the faults.
   */
  readonly fate: "ordinary" | "endless" | "deadly" | "hopeless";
}

export type Step =
  | { readonly kind: "answer"; readonly padding: string }
  | { readonly kind: "tools"; readonly calls: readonly ToolStep[] }
  | {
      readonly kind: "handoffs";
      readonly calls: readonly HandoffStep[];
      readonly beside: readonly ToolStep[];
    };

export interface ToolStep {
  readonly name: string;
  readonly input: unknown;
}

export interface HandoffStep {
  readonly mode: HandoffMode;
  readonly onFailure?: OnFailure;
  readonly deadlineSeconds?: number;
  readonly to: readonly Plan[];
}

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

  /** What nobody planned (a model had a mood) is answered at once. */
  get(id: number): Plan {
    return this.#plans[id] ?? UNPLANNED;
  }

  /** A whole tree of handoffs below an entry task. */
  drawEntry(): Plan {
    if (this.#options.isOdd && this.#chance.hit(0.05)) return this.#pingPong("coder", 8);
    if (this.#chance.hit(0.25)) return this.standard();
    const { isOld, agents } = this.#options;
    if (this.#chance.hit(isOld ? BEFORE.wide : WIDE)) return this.#wide();
    const tasks = isOld ? BEFORE.tasksMax : this.#chance.pick(TASKS_MAX);
    return this.#draw(this.#chance.pick(agents) ?? "coder", 0, { tasks });
  }

  /** The flow of the README: planner and critic at the same time, then the coder's own answer. */
  standard(): Plan {
    return this.#add("coder", [
      {
        kind: "handoffs",
        calls: [{ mode: "parallel", to: [this.#leaf("planner"), this.#leaf("critic")] }],
        beside: [],
      },
      ANSWER,
    ]);
  }

  /** Many branches that spend from one purse at once. */
  #wide(): Plan {
    const to = Array.from({ length: this.#chance.int(20, 60) }, () => this.#leaf("critic"));
    return this.#add("coder", [{ kind: "handoffs", calls: [{ mode: "parallel", to }], beside: [] }, ANSWER]);
  }

  #leaf(agent: string): Plan {
    return this.#add(agent, [ANSWER]);
  }

  #pingPong(agent: string, depth: number): Plan {
    if (depth === 0) return this.#leaf(agent);
    const other = agent === "coder" ? "planner" : "coder";
    const to = [this.#pingPong(other, depth - 1)];
    return this.#add(agent, [{ kind: "handoffs", calls: [{ mode: "single", to }], beside: [] }, ANSWER]);
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
        steps.push({ kind: "tools", calls: this.#drawTools() });
      }
    }
    steps.push(this.#drawAnswer());
    return this.#add(agent, steps);
  }

  #drawHandoffs(
    agent: string,
    depth: number,
    budget: { tasks: number },
  ): Extract<Step, { kind: "handoffs" }> {
    const chance = this.#chance;
    const beside = chance.hit(0.3) ? this.#drawTools() : [];
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

  #drawTools(): ToolStep[] {
    return Array.from({ length: this.#chance.int(1, 3) }, () => this.#drawTool());
  }

  #drawTool(): ToolStep {
    const chance = this.#chance;
    const n = chance.int(1, 1_000_000);
    switch (chance.int(0, 5)) {
      case 0:
        return {
          name: "write_file",
          input: { path: `src/${chance.int(1, 3)}.ts`, content: `// ${n}`.padEnd(chance.skewed(10, 2_000)) },
        };
      case 1:
        return { name: "read_file", input: { path: `src/${chance.int(1, 3)}.ts` } };
      case 2:
        return { name: "order", input: { key: String(n) } };
      case 3:
        return { name: "publish", input: { key: String(n) } };
      case 4:
        return { name: "set_flag", input: { key: String(n) } };
      default:
        return { name: "look_up", input: { key: String(n) } };
    }
  }

  #drawAnswer(): Step {
    const chance = this.#chance;
    const padding = chance.hit(0.9)
      ? ""
      : "x".repeat(chance.skewed(100, chance.hit(0.05) ? 400_000 : 40_000));
    return { kind: "answer", padding };
  }

  /** A turn or two with questions before the last step. */
  #withQuestions(steps: readonly Step[]): readonly Step[] {
    const { people, hasDeadlines } = this.#options;
    if (people?.hit(0.35) !== true) return steps;
    const asking = Array.from({ length: people.hit(0.4) ? 2 : 1 }, () =>
      this.#drawQuestions(people, hasDeadlines),
    );
    return [...steps.slice(0, -1), ...asking, ...steps.slice(-1)];
  }

  #drawQuestions(people: Chance, hasDeadlines: boolean): Step {
    const calls = Array.from({ length: people.int(1, 3) }, (): ToolStep => {
      const key = String(people.int(1, 1_000_000));
      if (people.hit(0.2)) return { name: "look_up", input: { key } };
      if (people.hit(0.5)) return { name: "spend", input: { key } };
      const deadline = hasDeadlines && people.hit(0.5) ? { deadlineSeconds: people.int(5, 900) } : {};
      return { name: "ask_human", input: { question: `Which of ${key}?`, ...deadline } };
    });
    return { kind: "tools", calls };
  }

  #add(agent: string, planned: readonly Step[], fate: Plan["fate"] = "ordinary"): Plan {
    const steps = this.#withQuestions(planned);
    const plan: Plan = { id: this.#plans.length, agent, steps, fate };
    this.#plans.push(plan);
    return plan;
  }
}

const ANSWER: Step = { kind: "answer", padding: "" };
const UNPLANNED: Plan = { id: -1, agent: "", steps: [ANSWER], fate: "ordinary" };

export const stepOf = (plan: Plan, index: number): Step =>
  plan.steps[plan.fate === "endless" ? Math.min(index, plan.steps.length - 1) : index] ?? ANSWER;

export const taskText = (plan: Plan): string => `please do plan ${plan.id} now`;

export const planIdIn = (text: string): number => Number(/please do plan (\d+) now/.exec(text)?.[1] ?? -1);

export const answerText = (plan: Plan): string => `answer of plan ${plan.id}.`;

/** The plans that may answer in a plan's place: itself, and whom it transfers to. */
export const mayAnswer = (plan: Plan): number[] => [
  plan.id,
  ...plan.steps.flatMap((step) =>
    step.kind === "handoffs"
      ? step.calls.filter(({ mode }) => mode === "transfer").flatMap(({ to }) => to.flatMap(mayAnswer))
      : [],
  ),
];
