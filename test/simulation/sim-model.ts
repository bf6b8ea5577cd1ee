import type { Usage } from "../../functions/shared/contracts/usage.ts";
import { RetryableModelError } from "../../functions/shared/kernel/model-call-error.ts";
import type { Model, ModelRequest, ModelTurn } from "../../functions/shared/ports/model.ts";
import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import { billedFor, drawModelError, OVERLOADED } from "./model-faults.ts";
import { drawOddity } from "./model-oddities.ts";
import type { Plan } from "./plan.ts";
import type { PlanBook } from "./plan-book.ts";
import type { PortCalls } from "./port-calls.ts";
import { isAskedForNotes, planIdOf, type Said, sayNotes, sayStep, stepsDone } from "./said-steps.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimProcess } from "./sim-process.ts";
import type { Watch } from "./watch.ts";

/** What one call can cost at most; what it does cost is drawn below it. */
export const ESTIMATE = { tokens: 2_000, microUsd: 2_000 };

export interface ModelParts {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly faults: Faults;
  readonly calls: PortCalls;
  readonly watch: Required<Watch>;
  readonly plans: PlanBook;
}

export interface ModelSettings {
  readonly latencyMsMax: number;
  /** Longer conversations are begun anew with notes. */
  readonly contextTokens: number;
}

type Answer = { readonly turn: ModelTurn } | { readonly error: Error };

/** The provider behind every agent: it does what the task's plan says, unless it is in a mood. */
export class SimModel {
  readonly #parts: ModelParts;
  readonly #settings: ModelSettings;

  constructor(parts: ModelParts, settings: ModelSettings) {
    this.#parts = parts;
    this.#settings = settings;
  }

  /** The provider as one process reaches it for a task. */
  portOf(process: SimProcess, taskId: string): Model {
    const { calls, chance } = this.#parts;
    const { latencyMsMax, contextTokens } = this.#settings;
    return {
      contextTokens,
      estimate: () => ESTIMATE,
      call: async (request, signal) => {
        // The provider bills from the moment at which it has the request, whoever waits for the answer.
        const answer = await calls.call(process, {
          service: "model",
          place: "call model",
          subject: taskId,
          latencyMs: chance.int(1, 20),
          effect: () => this.#answer(process, taskId, request),
          signal,
        });
        await calls.sleep(process, chance.skewed(50, latencyMsMax), signal);
        if ("error" in answer) throw answer.error;
        return answer.turn;
      },
    };
  }

  #answer(process: SimProcess, taskId: string, request: ModelRequest): Answer {
    const { watch, scheduler, plans, calls } = this.#parts;
    const plan = plans.get(planIdOf(request.messages));
    const error = plan.fate === "hopeless" ? OVERLOADED : this.#drawError();
    const answer: Answer = error === undefined ? { turn: this.#turn(plan, request) } : { error };
    watch.calledModel({
      process,
      taskId,
      request,
      used: "error" in answer ? billedFor(answer.error) : answer.turn.usage,
      outcome: error === undefined ? "answered" : "failed",
      retryAfterSeconds: error instanceof RetryableModelError ? error.retryAfterSeconds : undefined,
      isUnexpected: error !== undefined && !(error instanceof RetryableModelError),
      now: scheduler.now,
    });
    if (plan.fate === "deadly") calls.kill(process, "this task kills its function");
    return answer;
  }

  #drawError(): Error | undefined {
    const { chance, faults } = this.#parts;
    return faults.strikes("modelFault") ? drawModelError(chance, faults, this.#drawUsage()) : undefined;
  }

  #turn(plan: Plan, { messages }: ModelRequest): ModelTurn {
    const { chance, faults } = this.#parts;
    const said = faults.strikes("modelOddity") ? drawOddity(chance, faults) : this.#say(plan, messages);
    return { ...said, usage: this.#drawUsage(), model: "simulated", requestId: null };
  }

  #say(plan: Plan, messages: ModelRequest["messages"]): Said {
    const { chance } = this.#parts;
    const steps = stepsDone(messages);
    return isAskedForNotes(messages) ? sayNotes(steps, chance) : sayStep(plan, steps, chance);
  }

  #drawUsage(): Usage {
    const { chance } = this.#parts;
    const inputTokens = chance.int(50, 1_000);
    const outputTokens = chance.int(1, 900);
    return {
      calls: 1,
      inputTokens,
      outputTokens,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      microUsd: inputTokens + outputTokens,
    };
  }
}
