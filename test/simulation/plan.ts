import type { HandoffMode, OnFailure } from "../../functions/shared/contracts/handoff.ts";

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

export const ANSWER: Step = { kind: "answer", padding: "" };

/** What nobody planned (a model had a mood) is answered at once. */
export const UNPLANNED: Plan = { id: -1, agent: "", steps: [ANSWER], fate: "ordinary" };

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
