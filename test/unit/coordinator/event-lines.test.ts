import { describe, expect, test } from "vitest";
import { eventLines, logEvents } from "../../../functions/coordinator/event-lines.ts";
import type { ExecutionState, TaskState } from "../../../functions/shared/contracts/execution-state.ts";
import { initialState } from "../../../functions/shared/contracts/execution-state.ts";
import type { EventBody, HistoryEvent } from "../../../functions/shared/contracts/history-event.ts";
import { DEFAULT_EXECUTION_LIMITS } from "../../../functions/shared/contracts/limits.ts";
import type { LogFields } from "../../../functions/shared/contracts/log-fields.ts";
import { NO_USAGE, type Usage } from "../../../functions/shared/contracts/usage.ts";
import { EXECUTION_ID, START } from "../../support/given.ts";
import { Rig } from "./rig.ts";

const usage = (calls: number, microUsd: number | null = calls * 700): Usage => ({
  calls,
  inputTokens: calls * 100,
  outputTokens: calls * 10,
  cacheReadTokens: calls * 5,
  cacheWriteTokens: calls * 3,
  microUsd,
});

const task = (n: number, agent: string, used: Usage = NO_USAGE): TaskState => ({
  n,
  agent,
  depth: 0,
  status: "SCHEDULED",
  attempt: 1,
  suspensions: 0,
  turns: 0,
  usage: used,
  scheduledAt: START,
});

const seen = (...tasks: TaskState[]): ExecutionState => ({
  ...initialState({
    executionId: EXECUTION_ID,
    tenant: "default",
    createdAt: START,
    expiresAt: START / 1000,
    agent: "coder",
    input: { inline: "the request's text" },
    limits: DEFAULT_EXECUTION_LIMITS,
  }),
  tasks,
  eventCount: 4,
});

const events = (...bodies: EventBody[]): HistoryEvent[] =>
  bodies.map((body, index) => ({ n: 5 + index, at: START, ...body }));

const failed = (used: Usage): EventBody => ({
  type: "TaskFailed",
  task: 2,
  attempt: 1,
  turns: 2,
  usage: used,
  failure: { name: "ModelUnavailable", message: "the model's own words" },
});
const succeeded = (used: Usage): EventBody => ({
  type: "TaskSucceeded",
  task: 2,
  attempt: 2,
  turns: 3,
  usage: used,
  preview: "the answer's text",
});
const suspended: EventBody = {
  type: "HandoffRequested",
  handoff: 1,
  task: 1,
  k: 1,
  callId: "call-1",
  mode: "parallel",
  branches: [{ task: 2, agent: "planner", preview: "the packet's text" }],
  onFailure: "collect",
  turns: 1,
  usage: usage(1),
};

describe("the line of an event", () => {
  test("names execution, task, agent and code, and what was used", () => {
    expect(eventLines(seen(task(1, "coder"), task(2, "planner")), events(failed(usage(2))))).toEqual([
      {
        executionId: EXECUTION_ID,
        n: 5,
        type: "TaskFailed",
        task: 2,
        agent: "planner",
        attempt: 1,
        code: "ModelUnavailable",
        calls: 2,
        inputTokens: 200,
        outputTokens: 20,
        cacheReadTokens: 10,
        cacheWriteTokens: 6,
        microUsd: 1400,
      },
    ]);
  });

  test("has no text of a user or a model in it", () => {
    const lines = eventLines(
      seen(task(1, "coder"), task(2, "planner")),
      events(
        { type: "ExecutionStarted", agent: "coder", preview: "text", limits: DEFAULT_EXECUTION_LIMITS },
        suspended,
        failed(usage(1)),
        succeeded(usage(2)),
        { type: "TaskAborted", task: 1, cause: "a person's text" },
        { type: "ExecutionSucceeded", task: 1, preview: "text" },
        { type: "ExecutionFailed", failure: { name: "Internal", message: "text" } },
        { type: "ExecutionAborted", cause: "text" },
      ),
    );
    expect(lines).toHaveLength(8);
    expect(JSON.stringify(lines)).not.toMatch(/text|words/);
  });

  test("knows the agent of a task that the same commit scheduled", () => {
    const scheduled: EventBody = { type: "TaskScheduled", task: 3, agent: "critic", depth: 1 };
    const aborted: EventBody = { type: "TaskAborted", task: 3, cause: "stopped" };
    expect(eventLines(seen(), events(scheduled, aborted))).toMatchObject([
      { agent: "critic" },
      { agent: "critic" },
    ]);
  });

  test("of a model without a known price has tokens and no cost", () => {
    const [line] = eventLines(seen(task(2, "planner")), events(succeeded(usage(1, null))));
    expect(line).toMatchObject({ inputTokens: 100 });
    expect(line).not.toHaveProperty("microUsd");
  });
});

describe("lines can be added up", () => {
  const sum = (lines: readonly LogFields[], field: string): number =>
    lines.reduce((total, line) => total + Number(line[field] ?? 0), 0);

  test("what a failed attempt used is not counted again with the next", () => {
    const retried: EventBody = { type: "TaskRetryScheduled", task: 2, attempt: 2, delaySeconds: 1 };
    const lines = eventLines(
      seen(task(1, "coder"), task(2, "planner")),
      events(failed(usage(2)), retried, succeeded(usage(5))),
    );
    expect(sum(lines, "calls")).toBe(5);
    expect(sum(lines, "microUsd")).toBe(3500);
  });

  test("what earlier commits told is not counted again", () => {
    const lines = eventLines(seen(task(2, "planner", usage(3))), events(succeeded(usage(4))));
    expect(sum(lines, "inputTokens")).toBe(100);
  });

  test("two handoffs of one suspension count its turn once, and the second has nothing to add", () => {
    const lines = eventLines(seen(task(1, "coder")), events(suspended, suspended));
    expect(sum(lines, "calls")).toBe(1);
    expect(lines[1]).not.toHaveProperty("calls");
  });
});

describe("the log of the coordinator", () => {
  test("has one line for each event of the history, in order", async () => {
    const rig = new Rig();
    await rig.accept();
    await rig.look();
    await rig.fail("coder", 1, "Refused");
    await rig.look(1);
    const lines = rig.lines.filter(({ message }) => message === "history event");
    expect(lines.map(({ fields }) => [fields?.["n"], fields?.["type"]])).toEqual(
      (await rig.history()).map(({ n, type }) => [n, type]),
    );
    expect(lines.at(-1)?.fields).toMatchObject({ type: "ExecutionFailed", code: "Refused" });
  });

  test("has them too when a state that nobody can read is given up", async () => {
    const rig = new Rig();
    await rig.accept();
    const item = await rig.stateItem();
    rig.store.force({ ...item, pk: item?.pk ?? "", sk: "STATE", body: "{" });
    await rig.look();
    expect(rig.lines.filter(({ message }) => message === "history event")).toMatchObject([
      { fields: { type: "ExecutionFailed", code: "StateUnreadable" } },
    ]);
  });

  test("costs nothing where info lines are dropped: no line is made", () => {
    const untouched = new Proxy<HistoryEvent[]>([], {
      get: () => {
        throw new Error("somebody looked at the events");
      },
    });
    const refuse = (): never => {
      throw new Error("somebody logged");
    };
    const log = { info: refuse, warn: refuse, error: refuse, dropsInfo: true };
    expect(() => logEvents(log, seen(), untouched)).not.toThrow();
  });
});
