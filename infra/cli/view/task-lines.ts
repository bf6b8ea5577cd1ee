import type { TaskDetail, ToolCallView, TurnView } from "../../../functions/shared/contracts/api.ts";
import { failureText, spentText } from "./event-teller.ts";
import { type Look, section } from "./execution-lines.ts";
import { dollarsText, tokensText } from "./format.ts";
import { clip } from "./paint.ts";
import { wrapProse } from "./prose.ts";
import { oneLine, printable } from "./safe-text.ts";

/** One task: what it was asked, each turn with its tool calls, and its answer. */
export const taskLines = (task: TaskDetail, look: Look): string[] => {
  const { paint, columns } = look;
  return [
    `${paint("bold", `task ${task.task}, ${task.agent}`)}  ${task.status}, attempt ${task.attempt}`,
    `${paint("dim", "used")}  ${spentText(task.turns, task.usage)}`,
    ...section("request", [wrapProse(printable(task.request).trimEnd(), columns)], paint),
    ...section(
      "turns",
      task.turnList.flatMap((turn) => turnLines(turn, look)),
      paint,
    ),
    ...section(
      "handed off to",
      (task.handoffResults ?? []).map((branch) => `task ${branch.task}, ${branch.agent}: ${branch.status}`),
      paint,
    ),
    ...section(
      "answered",
      task.answeredBy === undefined
        ? []
        : [`${task.decision ?? "in words"}, by ${oneLine(task.answeredBy)}, ${task.answeredAt ?? ""}`],
      paint,
    ),
    ...section("failure", task.failure === undefined ? [] : [failureText(task.failure)], paint),
    ...section(
      "answer",
      task.answer === undefined ? [] : [wrapProse(printable(task.answer).trimEnd(), columns)],
      paint,
    ),
  ];
};

const turnLines = (turn: TurnView, { paint, columns }: Look): string[] => {
  const { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, microUsd } = turn.usage;
  const read = inputTokens + cacheReadTokens + cacheWriteTokens;
  const spent = `${tokensText(read)} in, ${tokensText(outputTokens)} out, ${dollarsText(microUsd)}`;
  return [
    clip(
      `${paint("bold", `turn ${turn.turn}`)}${turn.isNotes === true ? " (notes)" : ""}  ${turn.model}, ${turn.stopReason ?? "no stop reason"}  ${paint("dim", spent)}`,
      columns,
    ),
    ...(turn.text.trim() === "" ? [] : [clip(`  ${oneLine(turn.text)}`, columns)]),
    ...turn.toolCalls.map((call) => clip(`  ${callText(call)}`, columns)),
  ];
};

const callText = (call: ToolCallView): string => {
  const effect = call.effect === undefined ? "" : ` (${EFFECT_WORDS[call.effect]})`;
  const result = call.result === undefined ? "" : ` -> ${oneLine(call.result)}`;
  return `${call.tool}${effect} ${outcomeOf(call)}: ${oneLine(call.input)}${result}`;
};

const outcomeOf = ({ status, isError }: ToolCallView): string => {
  if (status === "unknown") return "outcome unknown";
  if (status === "started") return "started";
  return isError === true ? "error" : "ok";
};

const EFFECT_WORDS = { readOnly: "read-only", idempotent: "idempotent", external: "external" } as const;
