import type { ExecutionView } from "../../../functions/shared/contracts/api.ts";
import type { AnswerBody, QuestionView } from "../../../functions/shared/contracts/question.ts";
import { defineCommand } from "../command.ts";
import { numberOf } from "../command-line.ts";
import { CliError, UsageError } from "../errors.ts";
import { findExecution } from "../find-execution.ts";
import { giveAnswer } from "../give-answer.ts";
import { withApi } from "../open-api.ts";
import { paintFor } from "../view/paint.ts";
import { questionLines } from "../view/question-lines.ts";
import { writeJson, writeLines } from "../write.ts";

export const answer = defineCommand({
  name: "answer",
  summary: "Answer what an agent asks a person, or see what is asked",
  positionals: ["ID", "[TASK]"],
  flags: {
    approve: { type: "boolean", help: "let the tool call be run" },
    reject: { type: "string", value: "REASON", help: "do not; the agent is told the reason" },
    text: { type: "string", value: "TEXT", help: "answer a question" },
  },
  examples: [
    { line: "answer last", what: "what is asked, with all arguments" },
    { line: "answer 7KQ2M --approve", what: "its only open question" },
    { line: 'answer 7KQ2M 3 --reject "not on a Friday"', what: "the question that is task 3" },
    { line: 'answer last --text "Redis, in our own cluster"', what: "in your own words" },
  ],
  run: async (values, [word, task], context) => {
    const body = bodyOf(values);
    const number = numberOf("TASK", task);
    return withApi(
      values,
      context,
      async ({ api }) => {
        const id = await findExecution(api, word);
        const questions = openQuestions(await api.execution(id), number);
        if (body === undefined) {
          const whole = await Promise.all(
            questions.map(async (question) => (await api.task(id, question.task)).question ?? question),
          );
          if (values.json === true) writeJson(context.stdout, whole);
          else if (whole.length === 0) context.stderr.write(`${NOTHING}\n`);
          else {
            const paint = paintFor(context.stdout);
            writeLines(
              context.stdout,
              whole.flatMap((question) => questionLines(question, paint)),
            );
          }
          return 0;
        }
        // A number that is no open question is the API's to judge: it may be answered already.
        const receipt = await giveAnswer(api, id, number ?? only(questions).task, body);
        if (values.json === true) writeJson(context.stdout, receipt);
        else context.stdout.write(`answered task ${receipt.task} of ${id}\n`);
        return 0;
      },
      { folder: body === undefined ? "read" : "work" },
    );
  },
});

const bodyOf = (values: {
  readonly approve?: boolean;
  readonly reject?: string;
  readonly text?: string;
}): AnswerBody | undefined => {
  const bodies: AnswerBody[] = [
    ...(values.approve === true ? [{ decision: "approve" } as const] : []),
    ...(values.reject === undefined ? [] : [{ decision: "reject", reason: values.reject } as const]),
    ...(values.text === undefined ? [] : [{ text: values.text }]),
  ];
  if (bodies.length > 1) throw new UsageError("--approve, --reject and --text exclude each other");
  return bodies[0];
};

const NOTHING = "nothing is asked";

const openQuestions = ({ questions = [] }: ExecutionView, task: number | undefined): QuestionView[] =>
  questions.filter((question) => task === undefined || question.task === task || question.requester === task);

const only = (questions: readonly QuestionView[]): QuestionView => {
  const [first] = questions;
  if (first === undefined) throw new CliError(NOTHING, { hint: "npm run bulkhead -- show ID" });
  if (questions.length === 1) return first;
  const numbers = questions.map(({ task }) => task).join(", ");
  throw new UsageError(`several things are asked; name one of the tasks ${numbers}`);
};
