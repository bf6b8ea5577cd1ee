import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import type { ToolCallNews } from "../../../../infra/cli/tool-call-watch.ts";
import { liveFrame } from "../../../../infra/cli/view/live-progress.ts";
import { plain } from "../../../../infra/cli/view/paint.ts";
import { PlainProgress } from "../../../../infra/cli/view/plain-progress.ts";
import { toolCallLines } from "../../../../infra/cli/view/progress-line.ts";
import { at, execution, finished, midway, START, standardEvents, task, usage } from "./standard-execution.ts";

const frame = (view: Parameters<typeof liveFrame>[0], size = { columns: 80, rows: 24 }): string[] =>
  liveFrame(view, { ...size, now: START + 2500, spinner: "⠋", paint: plain }).split("\n");

const readsTwoFiles: ToolCallNews = {
  task: 3,
  turn: 1,
  at: at(2200),
  calls: [
    { callId: "a", tool: "read_file", status: "finished", input: '{"path":"src/limiter.ts"}' },
    {
      callId: "b",
      tool: "read_file",
      status: "finished",
      input: '{"path":"nowhere.ts"}',
      isError: true,
      result: "NO_SUCH_FILE: nowhere.ts",
    },
  ],
};

test("plain progress is one line per event, one per new turn, and one for its tool calls", () => {
  const lines: string[] = [];
  const progress = new PlainProgress(
    (line) => lines.push(line),
    () => START + 2500,
  );
  for (const event of standardEvents.slice(0, 5)) progress.event(event);
  progress.view(midway, [readsTwoFiles]);
  progress.view(midway);
  for (const event of standardEvents.slice(5)) progress.event(event);

  expect(lines).toEqual([
    "   0.0s  execution   started: Write a rate limiter",
    "   0.0s  coder       scheduled",
    "   1.2s  coder       handoff parallel -> planner, critic",
    "   1.2s  planner     scheduled",
    "   1.2s  critic      scheduled",
    "   2.2s  critic      turn 1  read_file src/limiter.ts, read_file nowhere.ts (error: NO_SUCH_FILE: nowhere.ts)",
    "   2.5s  planner     turn 1  asks the model",
    "   3.1s  planner     succeeded after 1 turn, 2.1k tokens, $0.0084",
    "   3.4s  critic      failed in attempt 1: RateLimited: the provider answers 429",
    "   3.4s  critic      tries again: attempt 2 in 2.0s",
    "   6.0s  critic      succeeded after 1 turn, 2.4k tokens, $0.0096",
    "   6.0s  coder       joined: planner succeeded, critic succeeded",
    "   6.0s  coder       resumed with the answers",
    "   9.5s  coder       succeeded after 4 turns, 12.4k tokens, $0.0496",
    "   9.5s  execution   succeeded",
  ]);
});

test("a view that is ahead of the history tells of a task only after the event that made it", () => {
  const lines: string[] = [];
  const progress = new PlainProgress(
    (line) => lines.push(line),
    () => START + 2500,
  );
  for (const event of standardEvents.slice(0, 2)) progress.event(event);
  progress.view(midway);
  expect(lines.filter((line) => line.includes("planner"))).toEqual([]);
  for (const event of standardEvents.slice(2, 5)) progress.event(event);
  expect(lines.filter((line) => line.includes("planner")).slice(1)).toEqual([
    "   1.2s  planner     scheduled",
    "   2.5s  planner     turn 1  asks the model",
  ]);
});

test("a turn whose tool calls are known already is not told to begin", () => {
  const lines: string[] = [];
  const progress = new PlainProgress((line) => lines.push(line), Date.now);
  progress.view(execution({ tasks: [task(3, "critic", { doing: "model" })] }), [readsTwoFiles]);
  expect(lines).toHaveLength(1);
});

test("on a terminal, tool calls stand above the picture, each in a width that fits", () => {
  const lines = toolCallLines(readsTwoFiles, {
    sinceStartMs: 2200,
    who: "critic",
    columns: 60,
    paint: plain,
  });
  expect(lines).toEqual([
    "   2.2s  critic      turn 1  read_file src/limiter.ts,",
    "                             read_file nowhere.ts (error: N…",
  ]);
});

test("the live view shows who works, who waits, and for whom", () => {
  expect(frame(midway)).toEqual([
    "              doing                         turns  tools  tokens     cost  time",
    "⠋ coder       waits for planner, critic         2      2    4.5k  $0.0180  2.5s",
    "├─ ⠋ planner  asks the model                    0      0       0  $0.0000  1.3s",
    "└─ ⠋ critic   attempt 2: read_file              1      1     900  $0.0036  1.3s",
    "",
    "running  2.5s  4.5k of 200k tokens  $0.0180 of $1.00  Ctrl-C stops it",
  ]);
});

test("a task waits for its own open handoffs, and is queued until its first turn", () => {
  const open = (n: number, requester: number, branch: number, status: "OPEN" | "JOINED") => ({
    handoff: n,
    requester,
    mode: "single" as const,
    branches: [{ task: branch, agent: "critic" }],
    onFailure: "collect" as const,
    status,
  });
  const view = execution({
    tasks: [
      task(1, "coder", { status: "SUSPENDED" }),
      task(2, "planner", { status: "SUSPENDED", requester: 1 }),
      task(3, "critic", { requester: 2 }),
      task(4, "critic", { requester: 1, turns: 2 }),
    ],
    handoffs: [open(1, 1, 2, "JOINED"), open(2, 2, 3, "OPEN"), open(3, 1, 4, "OPEN")],
  });
  expect(
    frame(view)
      .slice(1, 5)
      .map((line) => line.slice(16, 44).trim()),
  ).toEqual(["waits for critic.4", "waits for critic", "queued", "at work"]);
});

test("the last frame stands for the whole run", () => {
  expect(frame(finished)).toEqual([
    "              doing                         turns  tools  tokens     cost  time",
    "✔ coder       succeeded                         4      5   12.4k  $0.0496  9.5s",
    "├─ ✔ planner  succeeded                         1      0    2.1k  $0.0084  1.9s",
    "└─ ✔ critic   succeeded                         1      0    2.4k  $0.0096  4.8s",
    "",
    "SUCCEEDED  9.5s  16.9k of 200k tokens  $0.0676 of $1.00",
  ]);
});

test("nested handoffs are indented, and a second task of one agent has its number", () => {
  const view = execution({
    tasks: [
      task(1, "coder"),
      task(2, "planner", { requester: 1 }),
      task(3, "critic", { requester: 1 }),
      task(4, "critic", { requester: 2 }),
    ],
  });
  expect(
    frame(view)
      .map((line) => line.slice(0, 18).trimEnd())
      .slice(1, 5),
  ).toEqual(["⠋ coder", "├─ ⠋ planner", "│  └─ ⠋ critic.4", "└─ ⠋ critic"]);
});

test("a frame fits a small terminal, and drops what has ended first", () => {
  const tasks = Array.from({ length: 60 }, (_, i) =>
    task(i + 1, i === 0 ? "coder" : "critic", i % 2 === 1 ? { status: "SUCCEEDED" } : {}),
  );
  const lines = frame(execution({ tasks }), { columns: 40, rows: 14 });
  expect(lines.length).toBeLessThanOrEqual(13);
  expect(Math.max(...lines.map((line) => stripVTControlCharacters(line).length))).toBeLessThanOrEqual(40);
  expect(lines.join("\n")).not.toContain("succeeded");
  expect(lines.join("\n")).toContain("… and 52 more");
});

test("an unknown price is shown as unknown", () => {
  const view = execution({
    limits: { ...execution().limits, usd: null },
    usage: usage(10, null),
    tasks: [task(1, "coder", { usage: usage(10, null) })],
  });
  expect(frame(view).at(-1)).toBe("running  2.5s  10 of 200k tokens  $?  Ctrl-C stops it");
});
