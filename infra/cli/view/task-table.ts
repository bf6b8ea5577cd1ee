import type { ExecutionView, TaskView } from "../../../functions/shared/contracts/api.ts";
import { totalTokens } from "../../../functions/shared/contracts/usage.ts";
import { dollarsText, durationText, tokensText } from "./format.ts";
import { type Cell, type Column, type TableOptions, tableLines } from "./table.ts";
import { type Row, TaskNames, treeRows } from "./task-tree.ts";

const COLUMNS: readonly Column[] = [
  { title: "" },
  { title: "doing", flexible: true },
  { title: "turns", align: "right" },
  { title: "tools", align: "right" },
  { title: "tokens", align: "right" },
  { title: "cost", align: "right" },
  { title: "time", align: "right" },
];

export interface TaskTableOptions extends TableOptions {
  readonly now: number;
  /** What stands before an open task: the spinner's frame, or a mark that does not move. */
  readonly spinner: string;
  /** At most so many tasks; ended ones are left out first. */
  readonly tasksMax: number;
}

/** An execution's tasks as a tree, one line each. */
export const taskTable = (view: ExecutionView, options: TaskTableOptions): string[] => {
  const names = new TaskNames();
  names.learn(view.tasks);
  const rows = treeRows(view.tasks);
  const shown = mostTelling(rows, options.tasksMax);
  const hidden = rows.length - shown.length;
  const lines = tableLines(
    COLUMNS,
    shown.map((row) => cellsOf(row, view, names, options)),
    options,
  );
  return hidden === 0
    ? lines
    : [...lines, options.paint("dim", `… and ${hidden} more that have ended or wait`)];
};

const mostTelling = (rows: readonly Row<TaskView>[], tasksMax: number): readonly Row<TaskView>[] => {
  if (rows.length <= tasksMax) return rows;
  const rank = { SCHEDULED: 0, SUSPENDED: 1, FAILED: 2, TIMED_OUT: 2, ABORTED: 2, SUCCEEDED: 3 } as const;
  const kept = new Set(
    [...rows].sort((a, b) => rank[a.task.status] - rank[b.task.status]).slice(0, tasksMax),
  );
  return rows.filter((row) => kept.has(row));
};

const MARKS = {
  SUCCEEDED: { text: "✔", style: "green" },
  FAILED: { text: "✖", style: "red" },
  TIMED_OUT: { text: "✖", style: "red" },
  ABORTED: { text: "■", style: "yellow" },
} as const;

const cellsOf = (
  { task, lead }: Row<TaskView>,
  view: ExecutionView,
  names: TaskNames,
  { paint, now, spinner }: TaskTableOptions,
): Cell[] => {
  const mark =
    task.status === "SCHEDULED" || task.status === "SUSPENDED"
      ? { text: spinner, style: task.status === "SCHEDULED" ? ("cyan" as const) : ("dim" as const) }
      : MARKS[task.status];
  const endedAt = task.endedAt === undefined ? now : Date.parse(task.endedAt);
  const name = names.of(task.task);
  return [
    {
      text: `${lead}${mark.text} ${name}`,
      colour: () => `${paint("dim", lead)}${paint(mark.style, mark.text)} ${paint("bold", name)}`,
    },
    {
      text: doingText(task, view, names),
      colour: (text) => (task.failure === undefined ? text : paint("red", text)),
    },
    { text: String(task.turns) },
    { text: String(task.toolCalls) },
    { text: tokensText(totalTokens(task.usage)) },
    { text: dollarsText(task.usage.microUsd) },
    { text: durationText(endedAt - Date.parse(task.scheduledAt)) },
  ];
};

/** What a task is doing now, or what became of it. */
const doingText = (task: TaskView, view: ExecutionView, names: TaskNames): string => {
  const attempt = task.attempt > 1 ? `attempt ${task.attempt}: ` : "";
  switch (task.status) {
    case "SCHEDULED":
      if (task.doing !== undefined) return attempt + (task.doing === "model" ? "asks the model" : task.doing);
      return attempt + (task.turns === 0 ? "queued" : "at work");
    case "SUSPENDED": {
      const open = view.handoffs.filter(
        (handoff) => handoff.requester === task.task && handoff.status === "OPEN",
      );
      const waitedFor = open.flatMap(({ branches }) => branches.map((branch) => names.of(branch.task)));
      return `waits for ${waitedFor.join(", ") || "an answer"}`;
    }
    case "SUCCEEDED":
      return "succeeded";
    case "FAILED":
      return task.failure?.name ?? "failed";
    case "TIMED_OUT":
      return "timed out";
    case "ABORTED":
      return "aborted";
  }
};
