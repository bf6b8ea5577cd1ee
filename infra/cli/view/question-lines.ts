import type { QuestionView } from "../../../functions/shared/contracts/question.ts";
import { bytesText } from "./format.ts";
import type { Paint } from "./paint.ts";
import { oneLine, printable } from "./safe-text.ts";

/** What a person is asked, harmless on a terminal: who asks, and all that the API has told of it. */
export const questionLines = (question: QuestionView, paint: Paint): string[] => {
  const { agent, requester, task, kind, expiresAt, context, contextBytes, options = [] } = question;
  const what = kind === "approval" ? "asks for your approval" : "asks you";
  const lines = [
    paint("bold", `${oneLine(agent)} (task ${requester}) ${what}, as task ${task}, until ${expiresAt}`),
    ...indented(question.question, question.questionBytes),
    ...(context === undefined ? [] : indented(context, contextBytes)),
    ...options.map((option, index) => `  ${index + 1}) ${oneLine(option)}`),
  ];
  if (question.input === undefined) return lines;
  return [
    ...lines,
    `  tool   ${oneLine(question.tool ?? "")}`,
    "  input",
    ...indented(readable(question.input), question.inputBytes).map((line) => `  ${line}`),
  ];
};

/** Two ways to say yes or no, or one to say something, each a whole command line. */
export const answerCommands = ({ kind }: QuestionView, where: string): string[] => {
  const command = `  npm run bulkhead -- answer ${where}`;
  return kind === "approval"
    ? [`${command} --approve`, `${command} --reject "why not"`]
    : [`${command} --text "your answer"`];
};

const indented = (text: string, wholeBytes: number | undefined): string[] => [
  ...printable(text)
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}`),
  ...(wholeBytes === undefined ? [] : [`  … only the beginning of ${bytesText(wholeBytes)}`]),
];

/** The same JSON with a line for each member; what is no whole JSON stays as it is. */
const readable = (input: string): string => {
  try {
    return JSON.stringify(JSON.parse(input), null, 2);
  } catch {
    return input;
  }
};
