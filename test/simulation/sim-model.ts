import type {
  AssistantBlock,
  ModelMessage,
  ToolUseBlock,
} from "../../functions/shared/contracts/model-message.ts";
import type { Usage } from "../../functions/shared/contracts/usage.ts";
import { NO_USAGE } from "../../functions/shared/contracts/usage.ts";
import { RetryableModelError, TerminalModelError } from "../../functions/shared/kernel/model-call-error.ts";
import type { Model, ModelRequest, ModelTurn } from "../../functions/shared/ports/model.ts";
import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import { answerText, type PlanBook, planIdIn, type Step, stepOf, taskText } from "./plan.ts";
import type { PortCalls } from "./port-calls.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimProcess } from "./sim-process.ts";
import type { Watch } from "./watch.ts";
import type { Weather } from "./weather.ts";

/** What one call can cost at most; what it does cost is drawn below it. */
export const ESTIMATE = { tokens: 2_000, microUsd: 2_000 };

/** Must never be seen in a record, a message or a log. */
export const SECRET = "sk-simulated-secret";

export interface ModelOptions {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly weather: Weather;
  readonly faults: Faults;
  readonly calls: PortCalls;
  readonly watch: Required<Watch>;
  readonly plans: PlanBook;
  readonly latencyMsMax: number;
  /** Longer conversations are begun anew with notes. */
  readonly contextTokens: number;
}

/** What a model has said when it is cut. */
export const CUT_TEXT = "half a sen";

interface Fault {
  readonly error: unknown;
  readonly used: Usage;
}

const OVERLOADED: Fault = {
  error: new RetryableModelError("ModelUnavailable", "529", NO_USAGE),
  used: NO_USAGE,
};

/** The provider behind every agent: it does what the task's plan says, unless it is in a mood. */
export class SimModel {
  readonly #options: ModelOptions;

  constructor(options: ModelOptions) {
    this.#options = options;
  }

  portOf(process: SimProcess, taskId: string): Model {
    const { calls, chance, latencyMsMax, contextTokens } = this.#options;
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

  #answer(
    process: SimProcess,
    taskId: string,
    request: ModelRequest,
  ): { readonly turn: ModelTurn } | { readonly error: unknown } {
    const { watch, scheduler, plans, calls } = this.#options;
    const { fate } = plans.get(planIdIn(textOfFirst(request.messages)));
    const fault = fate === "hopeless" ? OVERLOADED : this.#draw();
    const turn = fault === undefined ? this.#turn(request) : undefined;
    watch.calledModel({
      process,
      taskId,
      request,
      used: fault?.used ?? turn?.usage ?? NO_USAGE,
      outcome: fault === undefined ? "answered" : "failed",
      retryAfterSeconds:
        fault?.error instanceof RetryableModelError ? fault.error.retryAfterSeconds : undefined,
      isUnexpected: fault !== undefined && !(fault.error instanceof RetryableModelError),
      now: scheduler.now,
    });
    if (fate === "deadly") calls.kill(process, "this task kills its function");
    return fault === undefined ? { turn: turn as ModelTurn } : { error: fault.error };
  }

  #draw(): Fault | undefined {
    const { weather, faults, chance } = this.#options;
    return !faults.isOver && chance.hit(weather.modelFault) ? this.#fault() : undefined;
  }

  #fault(): Fault {
    const { chance, faults } = this.#options;
    const note = (kind: string): void => faults.note(`model: ${kind}`);
    const free = NO_USAGE;
    const paid = this.#usage();
    switch (chance.int(0, 9)) {
      case 0:
      case 1: {
        note("429 with retry-after");
        const retryAfterSeconds = chance.hit(0.5) ? chance.int(1, 4) : chance.int(5, 120);
        return {
          error: new RetryableModelError("RateLimited", "429", free, { retryAfterSeconds }),
          used: free,
        };
      }
      case 2:
        note("429");
        return { error: new RetryableModelError("RateLimited", "429", free), used: free };
      case 3:
        note("529");
        return { error: new RetryableModelError("ModelUnavailable", "529", free), used: free };
      case 4:
        note("500");
        return { error: new RetryableModelError("ModelUnavailable", "500", free), used: free };
      case 5:
      case 6:
        note("timeout after billing");
        return { error: new RetryableModelError("ModelUnavailable", "timed out", paid), used: paid };
      case 7:
        note("cut");
        return { error: new RetryableModelError("ModelUnavailable", "stream cut", paid), used: paid };
      case 8:
        note("refused key");
        return chance.hit(0.3)
          ? { error: new TerminalModelError("ModelAuthentication", "401", free), used: free }
          : { error: new RetryableModelError("ModelUnavailable", "502", free), used: free };
      default:
        note("unexpected error");
        return { error: new Error(`bug in the adapter, key ${SECRET}`), used: free };
    }
  }

  #turn(request: ModelRequest): ModelTurn {
    const { plans, chance, weather, faults } = this.#options;
    const plan = plans.get(planIdIn(textOfFirst(request.messages)));
    const index = stepsDone(request.messages);
    const step = stepOf(plan, index);
    const oddity = !faults.isOver && chance.hit(weather.modelOddity) ? this.#oddity() : undefined;
    const isForNotes = isAskedForNotes(request.messages);
    const said = oddity ?? {
      content: isForNotes
        ? [{ type: "text", text: notesOf(index, chance.int(1, 1e9)) }]
        : contentOf(step, index, plan.agent, answerText(plan), chance),
      stopReason: isForNotes || step.kind === "answer" ? "end_turn" : "tool_use",
    };
    return { ...said, usage: this.#usage(), model: "simulated", requestId: null };
  }

  #oddity(): Pick<ModelTurn, "content" | "stopReason"> {
    const { chance, faults } = this.#options;
    const note = (kind: string): void => faults.note(`model: ${kind}`);
    const call = (name: string, input: unknown, n = 0): AssistantBlock => ({
      type: "tool_use",
      id: `toolu_${chance.int(1, 1e9)}_${n}`,
      name,
      input,
    });
    const calls = (...content: AssistantBlock[]) => ({ content, stopReason: "tool_use" });
    const handoffTo = (agent: string) =>
      call("handoff", { mode: "single", to: [{ agent, task: "do something" }] });
    switch (chance.int(0, 11)) {
      case 0:
        note("refusal");
        return { content: [], stopReason: "refusal" };
      case 1:
        note("empty");
        return { content: [], stopReason: "end_turn" };
      case 2:
        note("truncated");
        return { content: [{ type: "text", text: CUT_TEXT }], stopReason: "max_tokens" };
      case 3:
        note("unknown tool");
        return calls(call("open_door", {}));
      case 4:
        note("invalid arguments");
        return calls(call("publish", { kei: 1 }));
      case 5:
        note("200 tool calls");
        return calls(
          ...Array.from({ length: chance.hit(0.2) ? 200 : 20 }, (_, n) =>
            call("look_up", { key: `${chance.int(1, 1e6)}` }, n),
          ),
        );
      case 6:
        note("handoff to itself or nobody");
        return calls(handoffTo(chance.pick(["coder", "planner", "critic", ""] as const)));
      case 7:
        note("handoff to an unknown agent");
        return calls(handoffTo("kritik"));
      case 8:
        note("odd characters");
        return calls(call("publish", { key: `\uFFFF\uD800 ${chance.int(1, 1e6)}` }));
      case 9:
        note("pause");
        return { content: [{ type: "text", text: "wait" }], stopReason: "pause_turn" };
      case 10:
        note("big text");
        return calls(
          { type: "text", text: "y".repeat(chance.hit(0.02) ? 2 * 1024 * 1024 : 50_000) },
          call("set_flag", { key: `${chance.int(1, 1e6)}` }),
        );
      default:
        note("two calls with one id");
        return calls(
          { type: "tool_use", id: "toolu_same", name: "look_up", input: { key: `${chance.int(1, 1e6)}` } },
          { type: "tool_use", id: "toolu_same", name: "set_flag", input: { key: `${chance.int(1, 1e6)}` } },
        );
    }
  }

  #usage(): Usage {
    const { chance } = this.#options;
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

const STEP = "step ";

const contentOf = (
  step: Step,
  index: number,
  agent: string,
  answer: string,
  chance: Chance,
): AssistantBlock[] => {
  const marker: AssistantBlock = { type: "text", text: `${STEP}${index} of ${agent}` };
  const use = (name: string, input: unknown, n: number): ToolUseBlock => ({
    type: "tool_use",
    id: `toolu_${index}_${n}`,
    name,
    input,
  });
  switch (step.kind) {
    case "answer":
      return [{ type: "text", text: `${answer}${step.padding}` }];
    case "tools":
      return [marker, ...step.calls.map(({ name, input }, n) => use(name, input, n))];
    case "handoffs": {
      const beside = step.beside.map(({ name, input }, n) => use(name, input, n + 100));
      const handoffs = step.calls.map(({ mode, to, onFailure, deadlineSeconds }, n) =>
        use(
          "handoff",
          {
            mode,
            to: to.map((plan) => ({ agent: plan.agent, task: taskText(plan) })),
            ...(onFailure === undefined ? {} : { onFailure }),
            ...(deadlineSeconds === undefined ? {} : { deadlineSeconds }),
          },
          n,
        ),
      );
      return [marker, ...(chance.hit(0.5) ? [...beside, ...handoffs] : [...handoffs, ...beside])];
    }
  }
};

/** How all notes of a conversation begin; no two are the same. */
export const NOTED = "notes: ";
const notesOf = (steps: number, n: number): string => `${NOTED}${steps} steps done (${n})`;

/** Of the plan: those that are still said, and those that only notes speak of. */
const stepsDone = (messages: readonly ModelMessage[]): number =>
  Number(/notes: (\d+) steps done/.exec(textOfFirst(messages))?.[1] ?? 0) +
  messages.filter(isPlannedStep).length;

/** In the last message, in words that are the agent runtime's (compaction.ts). */
export const isAskedForNotes = (messages: readonly ModelMessage[]): boolean =>
  JSON.stringify(messages.at(-1)?.content).includes('"This conversation is becoming too long');

const isPlannedStep = (message: ModelMessage): boolean => {
  if (message.role !== "assistant") return false;
  const [first] = message.content;
  return first?.type === "text" && String((first as { text?: unknown }).text).startsWith(STEP);
};

export const textOfFirst = (messages: readonly ModelMessage[]): string => {
  const content = messages[0]?.content ?? "";
  if (typeof content === "string") return content;
  return content.map((block) => ("text" in block ? block.text : "")).join("\n");
};
