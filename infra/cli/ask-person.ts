import type { AnswerBody, QuestionView } from "../../functions/shared/contracts/question.ts";
import type { Prompt } from "./context.ts";

/** Asks until something is an answer; `undefined` when the person leaves the question open. */
export const askPerson = (
  question: QuestionView,
  prompt: Prompt,
  signal: AbortSignal,
): Promise<AnswerBody | undefined> =>
  question.kind === "approval"
    ? askApproval(prompt, signal)
    : askText(question.options ?? [], prompt, signal);

/** Nothing but a clear yes approves. */
const askApproval = async (prompt: Prompt, signal: AbortSignal): Promise<AnswerBody | undefined> => {
  for (;;) {
    const said = await prompt("approve? yes, no, or Ctrl-C for later: ", signal);
    if (said === undefined) return undefined;
    if (/^y(es)?$/i.test(said.trim())) return { decision: "approve" };
    if (!/^no?$/i.test(said.trim())) continue;
    for (;;) {
      const reason = await prompt("why not? ", signal);
      if (reason === undefined) return undefined;
      if (reason.trim() !== "") return { decision: "reject", reason: reason.trim() };
    }
  }
};

const askText = async (
  options: readonly string[],
  prompt: Prompt,
  signal: AbortSignal,
): Promise<AnswerBody | undefined> => {
  const what = options.length === 0 ? "your answer" : "a number, or your own answer";
  for (;;) {
    const said = (await prompt(`${what}, or Ctrl-C for later: `, signal))?.trim();
    if (said === undefined) return undefined;
    if (said !== "") return { text: options[Number(said) - 1] ?? said };
  }
};
