import { expect, test } from "vitest";
import type { ToolCallView } from "../../../../functions/shared/contracts/api.ts";
import { taskLines } from "../../../../infra/cli/view/task-lines.ts";
import { at, task, usage } from "./standard-execution.ts";

test("a turn that wrote notes of its conversation says so", () => {
  const turnList = [
    {
      turn: 3,
      at: at(0),
      model: "m-1",
      stopReason: "end_turn",
      text: "so far",
      isNotes: true as const,
      usage: usage(1),
      toolCalls: [],
    },
  ];
  const lines = taskLines(
    { ...task(1, "coder", { turns: 3, toolCalls: 0 }), request: "Write it", turnList },
    { columns: 200, paint: (_, text) => text, now: 0 },
  );
  expect(lines.join("\n")).toContain("turn 3 (notes)  m-1, end_turn");
});

const linesOf = (...toolCalls: ToolCallView[]): string[] =>
  taskLines(
    {
      ...task(1, "coder", { turns: 1, toolCalls: toolCalls.length }),
      request: "Write it",
      turnList: [
        { turn: 1, at: at(0), model: "m-1", stopReason: "tool_use", text: "", usage: usage(1), toolCalls },
      ],
    },
    { columns: 200, paint: (_, text) => text, now: 0 },
  ).filter((line) => line.includes("toolname"));

const call = (fields: Partial<ToolCallView>): ToolCallView => ({
  callId: "t1",
  tool: "toolname",
  status: "finished",
  input: "{}",
  ...fields,
});

test("each tool call is shown with what it may do and how it came out", () => {
  expect(
    linesOf(
      call({ effect: "readOnly", result: "fine", isError: false }),
      call({ effect: "idempotent", result: "no", isError: true }),
      call({ effect: "external", status: "started" }),
      call({ effect: "external", status: "unknown", result: "OUTCOME_UNKNOWN: died", isError: true }),
      call({ result: "refused", isError: true }),
    ),
  ).toEqual([
    "  toolname (read-only) ok: {} -> fine",
    "  toolname (idempotent) error: {} -> no",
    "  toolname (external) started: {}",
    "  toolname (external) outcome unknown: {} -> OUTCOME_UNKNOWN: died",
    "  toolname error: {} -> refused",
  ]);
});
