import type { ExecutionView } from "../../../functions/shared/contracts/api.ts";
import { totalTokens } from "../../../functions/shared/contracts/usage.ts";
import { failureText } from "./event-teller.ts";
import { ageText, countText, dollarsText, durationText, tokensText } from "./format.ts";
import { clip, type Paint } from "./paint.ts";
import { wrapProse } from "./prose.ts";
import { questionLines } from "./question-lines.ts";
import { printable } from "./safe-text.ts";
import { statusColour } from "./status.ts";
import { taskTable } from "./task-table.ts";
import { TaskNames } from "./task-tree.ts";

export interface Look {
  readonly columns: number;
  readonly paint: Paint;
  readonly now: number;
}

/** Everything that is known of one execution, for a person. */
export const executionLines = (view: ExecutionView, request: string, look: Look): string[] => {
  const { paint, columns, now } = look;
  const names = new TaskNames();
  names.learn(view.tasks);
  const failed = view.tasks.filter((task) => task.failure !== undefined);
  return [
    `${paint("bold", view.executionId)}  ${statusColour(view.status, paint)(view.status)}`,
    ...facts(view, now).map(([title, text]) => clip(`${paint("dim", title.padEnd(7))}  ${text}`, columns)),
    "",
    ...taskTable(view, { ...look, spinner: "•", tasksMax: Number.POSITIVE_INFINITY }),
    ...section(
      "open questions",
      (view.questions ?? []).flatMap((question) => questionLines(question, paint)),
      paint,
    ),
    ...section(
      "failures",
      failed.map(({ task, failure }) =>
        failure === undefined ? "" : `${names.of(task)}: ${failureText(failure)}`,
      ),
      paint,
    ),
    ...section("failure", view.failure === undefined ? [] : [failureText(view.failure)], paint),
    ...section("request", [wrapProse(printable(request).trimEnd(), columns)], paint),
    ...section(
      "answer",
      view.output === undefined ? [] : [wrapProse(printable(view.output).trimEnd(), columns)],
      paint,
    ),
  ];
};

const facts = (view: ExecutionView, now: number): [string, string][] => {
  const { usage, limits } = view;
  const created = Date.parse(view.createdAt);
  const ended = view.endedAt === undefined ? now : Date.parse(view.endedAt);
  const budget = limits.usd === null ? "" : ` of ${dollarsText(limits.usd * 1e6)}`;
  return [
    ["started", `${view.createdAt} (${ageText(now - created)}), ${durationText(ended - created)} long`],
    [
      "used",
      `${countText(usage.calls, "model call")}, ${tokensText(totalTokens(usage))} of ${tokensText(limits.tokens)} tokens, ${dollarsText(usage.microUsd)}${budget}`,
    ],
  ];
};

export const section = (title: string, lines: readonly string[], paint: Paint): string[] =>
  lines.length === 0 ? [] : ["", paint("dim", title), ...lines];
