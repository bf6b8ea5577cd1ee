import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { HistoryLines } from "../../../../infra/cli/view/history-lines.ts";
import { plain } from "../../../../infra/cli/view/paint.ts";
import { expectGolden } from "../../../support/golden.ts";
import { at, standardEvents } from "./standard-execution.ts";

test("the history view of the standard execution", () => {
  const lines = new HistoryLines({ columns: 80, paint: plain });
  expectGolden(
    "cli-history.json",
    standardEvents.map((event) => lines.of(event)),
  );
});

test("an event of a newer API is still shown", () => {
  const lines = new HistoryLines({ columns: 80, paint: plain });
  expect(lines.of({ n: 1, at: at(0), type: "TaskPainted", colour: "red" })).toContain("TaskPainted");
});

test.for([
  ["collect", "parallel -> planner, critic"],
  ["fail-fast", "parallel -> planner, critic (fail-fast)"],
  [{ quorum: 1 }, "parallel -> planner, critic (quorum 1)"],
] as const)("a handoff's policy %j is told unless it goes without saying", ([onFailure, told]) => {
  const lines = new HistoryLines({ columns: 200, paint: plain });
  const [, , handoff] = standardEvents.map((event) =>
    lines.of(event.type === "HandoffRequested" ? { ...event, onFailure } : event),
  );
  expect(handoff?.endsWith(told)).toBe(true);
});

test("a preview with control characters stays on its line", () => {
  const lines = new HistoryLines({ columns: 200, paint: plain });
  const line = lines.of({ n: 1, at: at(0), type: "ExecutionAborted", cause: "a\nb\u001b[2J" });
  expect(line).toMatch(/execution +a b$/);
  expect(line).toBe(stripVTControlCharacters(line).replaceAll("\n", ""));
});
