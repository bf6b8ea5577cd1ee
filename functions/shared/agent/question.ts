import { decisionOn } from "./decisions.ts";
import type { TurnCall } from "./record-call.ts";
import type { TaskRun } from "./task-run.ts";

/** What a person is asked. `approval`: whether this tool may be run with exactly these arguments. */
export interface Question {
  readonly text: string;
  readonly context?: string | undefined;
  readonly options?: readonly string[] | undefined;
  readonly deadlineSeconds?: number | undefined;
  /** The arguments as the model gave them, JSON. */
  readonly approval?: { readonly tool: string; readonly input: string };
}

/** What a call still asks of a person; `undefined` when it asks nothing, or was decided on already. */
export const openQuestionOf = (run: TaskRun, call: TurnCall): Question | undefined =>
  decisionOn(run, call) === undefined ? questionOf(run, call.use) : undefined;

/**
 * What a call asks of a person. `undefined`: nothing, because it needs nobody's leave, or because it
 * is wrong and is refused before anybody is troubled.
 */
export const questionOf = (run: TaskRun, use: TurnCall["use"]): Question | undefined => {
  const tool = run.tools.find(use.name);
  if (tool === undefined || tool.kind === "suspending") return undefined;
  const prepared = tool.prepare(use.input);
  if (!prepared.ok) return undefined;
  if ("question" in prepared) return prepared.question;
  if (prepared.needsApproval !== true) return undefined;
  return {
    text: `May "${use.name}" be run with these arguments?`,
    approval: { tool: use.name, input: JSON.stringify(use.input) },
  };
};
