import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { applyEvent } from "../../functions/coordinator/core/apply-event.ts";
import { flawOf } from "../../functions/coordinator/core/invariants.ts";
import { EventView, ExecutionView } from "../../functions/shared/contracts/api.ts";
import { type ExecutionState, initialState } from "../../functions/shared/contracts/execution-state.ts";
import { HistoryEvent } from "../../functions/shared/contracts/history-event.ts";
import { decodeState, newStateItem } from "../../functions/shared/contracts/stored-execution.ts";

/**
 * Real executions of this and earlier releases, as the API told them (written by
 * test/e2e/golden-histories.test.ts). Their histories must say the same for ever.
 */
const Golden = z.object({
  view: ExecutionView.omit({
    input: true,
    output: true,
    outputBytes: true,
    usageByAgent: true,
    version: true,
  }),
  events: z.array(EventView),
});

const goldens = globSync("test/golden/*.history.json").map((file) => ({
  name: basename(file, ".history.json"),
  ...Golden.parse(JSON.parse(readFileSync(file, "utf8"))),
}));

const instant = (text: string): number => Date.parse(text);
const timestamp = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString();

const eventsOf = ({ events }: (typeof goldens)[number]): HistoryEvent[] =>
  events.map((event) => {
    const stored = {
      ...event,
      at: instant(event.at),
      ...("deadlineAt" in event ? { deadlineAt: instant(String(event["deadlineAt"])) } : {}),
    };
    const parsed = HistoryEvent.parse(stored);
    // Nothing of what an earlier release wrote may be overlooked.
    expect(parsed).toEqual(stored);
    return parsed as HistoryEvent;
  });

const rebuilt = (golden: (typeof goldens)[number]): ExecutionState => {
  const { executionId, agent, createdAt, limits } = golden.view;
  const { usd, ...others } = limits;
  const first = initialState({
    executionId,
    tenant: "default",
    createdAt: instant(createdAt),
    expiresAt: 0,
    agent,
    input: { inline: "" },
    limits: { ...others, microUsd: usd === null ? null : Math.round(usd * 1e6) },
  });
  return eventsOf(golden).reduce(applyEvent, first);
};

test("there is a history of each kind", () => {
  const kinds = goldens.map(({ name }) => name.replace(/^[\d.]+-/, ""));
  for (const kind of ["standard", "nested", "transfer", "fail-fast", "retry", "stop", "question"]) {
    expect(kinds).toContain(kind);
  }
});

describe.each(goldens)("the history $name", (golden) => {
  const state = rebuilt(golden);
  const { view } = golden;

  test("is numbered without gaps and ends with its one terminal event", () => {
    const events = eventsOf(golden);
    expect(events.map(({ n }) => n)).toEqual(events.map((_, index) => index + 1));
    const ends = events.filter(({ type }) => type.startsWith("Execution") && type !== "ExecutionStarted");
    expect(ends).toEqual([events.at(-1)]);
  });

  test("rebuilds the status, tasks and handoffs that the API told", () => {
    const agentOf = (n: number) => state.tasks[n - 1]?.agent;
    expect({ ...state, endedAt: timestamp(state.endedAt) }).toMatchObject({
      status: view.status,
      endedAt: view.endedAt,
      ...(view.failure === undefined ? {} : { failure: view.failure }),
    });
    expect(
      state.tasks.map(({ n, agent, status, attempt, depth, turns, usage, handoff, failure, ...at }) => ({
        task: n,
        agent,
        status,
        attempt,
        depth,
        turns,
        usage,
        requester: state.handoffs[(handoff ?? 0) - 1]?.requester,
        failure,
        scheduledAt: timestamp(at.scheduledAt),
        endedAt: timestamp(at.endedAt),
      })),
    ).toEqual(view.tasks.map(({ toolCalls: _toolCalls, ...task }) => task));
    expect(
      state.handoffs.map(({ n, requester, mode, branches, onFailure, status }) => ({
        handoff: n,
        requester,
        mode,
        branches: branches.map((task) => ({ task, agent: agentOf(task) })),
        onFailure,
        status,
      })),
    ).toEqual(view.handoffs);
  });

  test("is sound by this release's invariants", () => {
    expect(flawOf({ ...state, checks: {} })).toBeUndefined();
  });
});

describe("a stored state of another version is refused, never misread", () => {
  const item = newStateItem({ ...rebuilt(goldens[0] as (typeof goldens)[number]), expiresAt: 1 }, 1);
  const body = JSON.parse(String(item["body"])) as object;

  test("this version's own is read", () => expect(decodeState(item)).toMatchObject({ ok: true }));

  test.each([
    ["an older schema", { ...body, schema: 0 }],
    ["a newer schema", { ...body, schema: 2 }],
    ["no schema", { ...body, schema: undefined }],
    ["a status that is not known yet", { ...body, status: "PAUSED" }],
    ["a handoff mode that is not known yet", { ...body, handoffs: [{ n: 1, mode: "auction" }] }],
  ])("%s", (_, changed) => {
    expect(decodeState({ ...item, body: JSON.stringify(changed) })).toMatchObject({ ok: false });
  });

  test("events of a kind that is not known yet", () => {
    const events = JSON.stringify([{ n: 1, at: 1, type: "TaskPaused", task: 1 }]);
    expect(decodeState({ ...item, events })).toMatchObject({ ok: false });
  });
});
