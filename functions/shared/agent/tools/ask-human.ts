import { z } from "zod";
import { LIMITS } from "../../contracts/limits.ts";
import { type AskingTool, problemsOf, toolSchema } from "../tool.ts";

const NAME = "ask_human";

const DESCRIPTION =
  "Asks the person who is responsible for this request. You are suspended, at no cost, until they have answered; the result is their answer in their own words. Ask only what nobody else can decide: what is wanted, whose risk it is, what it may cost. They see the question, its context and the options, and nothing else of this conversation. When nobody answers in time the result says so, and you go on without it.";

const AskHumanInput = z.strictObject({
  question: z.string().trim().min(1).describe("One question, complete in itself."),
  context: z.string().optional().describe("What they have to know to answer it."),
  options: z
    .array(z.string().trim().min(1).max(LIMITS.questionOptionCharactersMax))
    .min(2)
    .max(LIMITS.questionOptionsMax)
    .optional()
    .describe("Answers to choose from; they may still answer something else."),
  deadlineSeconds: z
    .int()
    .min(1)
    .max(LIMITS.deadlineSecondsMax)
    .optional()
    .describe("How long to wait; half of the time that this task has left when absent."),
});

/** A question in an agent's own words, answered by a person in theirs. */
export const askHuman: AskingTool = {
  kind: "asking",
  name: NAME,
  schema: toolSchema(NAME, DESCRIPTION, AskHumanInput),
  prepare: (input) => {
    const parsed = AskHumanInput.safeParse(input);
    if (!parsed.success) return { ok: false, problem: problemsOf(parsed.error) };
    const { question, ...rest } = parsed.data;
    return { ok: true, question: { text: question, ...rest } };
  },
};
