import { z } from "zod";
import { LIMITS } from "../contracts/limits.ts";
import { TerminalError } from "../kernel/errors.ts";
import { parsedJson } from "../kernel/parsed-json.ts";
import { recordRefusal } from "./record-call.ts";
import type { Turn } from "./saved-turn.ts";
import type { TaskRun } from "./task-run.ts";
import { problemsOf } from "./tool.ts";

/** As the model has to write it: what the schema has defaults for may be left out. */
export const answerSchema = (output: z.ZodType): Readonly<Record<string, unknown>> => {
  const { $schema: _, ...schema } = z.toJSONSchema(output, { io: "input" });
  return schema;
};

/** The name under which the runtime's word on an answer is recorded; no tool has it. */
const ANSWER = "(answer)";

/**
 * [bad-input 50] Holds an answer to the agent's output schema. An answer that does not fit is sent
 * back with the path at fault, `outputRepairsMax` times; then the attempt ends as `OutputSchema`.
 * The word is recorded like a tool's result, so that a successor says the same.
 */
export const repairAnswer = async (run: TaskRun, turn: Turn, text: string): Promise<"fits" | "sentBack"> => {
  const { output } = run.spec;
  if (output === undefined) return "fits";
  if (run.transcript.callOf(turn, 0) !== undefined) return "sentBack";
  const problem = problemOf(text, (json) => {
    const parsed = output.safeParse(json);
    return parsed.success ? undefined : problemsOf(parsed.error);
  });
  if (problem === undefined) return "fits";
  const repairs = run.transcript.turns.filter(
    (before) => run.transcript.callOf(before, 0)?.tool === ANSWER,
  ).length;
  if (repairs >= LIMITS.outputRepairsMax) {
    throw new TerminalError(
      "OutputSchema",
      `the answer does not fit its schema after ${repairs} repairs: ${problem}`,
    );
  }
  const use = { type: "tool_use", id: ANSWER, name: ANSWER, input: {} } as const;
  await recordRefusal(
    run,
    { turn, index: 0, use },
    `${problem}\nAnswer again, with the corrected JSON and nothing else.`,
  );
  return "sentBack";
};

const problemOf = (text: string, check: (json: unknown) => string | undefined): string | undefined => {
  const json = parsedJson(text);
  if (json === undefined) return "Your answer must be JSON that fits the schema, without any text around it.";
  const problem = check(json);
  return problem === undefined ? undefined : `Your answer does not fit its schema: ${problem}.`;
};
