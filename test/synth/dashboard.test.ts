import { expect, test } from "vitest";
import { eventLines } from "../../functions/coordinator/event-lines.ts";
import { initialState } from "../../functions/shared/contracts/execution-state.ts";
import { DEFAULT_EXECUTION_LIMITS } from "../../functions/shared/contracts/limits.ts";
import { resource, synthesise } from "./synthesised.ts";

/** The query of each widget that counts log lines, by its title. */
const queries = async (): Promise<Map<string, { view: string; query: string }>> => {
  const page = resource(await synthesise(), "AWS::CloudWatch::Dashboard", "Dashboard");
  const { "Fn::Join": join } = page["DashboardBody"] as { "Fn::Join": [string, unknown[]] };
  const body = join[1].map((part) => (typeof part === "string" ? part : "x")).join("");
  const { widgets } = JSON.parse(body) as {
    widgets: { type: string; properties: { title: string; view: string; query: string } }[];
  };
  return new Map(
    widgets.filter(({ type }) => type === "log").map(({ properties }) => [properties.title, properties]),
  );
};

test("what the dashboard asks of the coordinator's log is in the lines that the coordinator writes", async () => {
  const usage = {
    calls: 1,
    inputTokens: 1,
    outputTokens: 1,
    cacheReadTokens: 1,
    cacheWriteTokens: 1,
    microUsd: 1,
  };
  const state = initialState({
    executionId: "01J00000000000000000000000",
    tenant: "default",
    createdAt: 0,
    expiresAt: 0,
    agent: "coder",
    input: { inline: "" },
    limits: DEFAULT_EXECUTION_LIMITS,
  });
  const failure = { name: "Refused", message: "" };
  const lines = eventLines(state, [
    { n: 1, at: 0, type: "TaskScheduled", task: 1, agent: "coder", depth: 0 },
    { n: 2, at: 0, type: "TaskFailed", task: 1, attempt: 1, turns: 1, usage, failure },
  ]);
  const known = new Set(["message", ...lines.flatMap((line) => Object.keys(line))]);
  const asked = [...(await queries()).values()].flatMap(({ query }) =>
    [
      ...query.matchAll(
        /(?:sum|ispresent)\((\w+)\)|(?:filter|and) (\w+) (?:=|like)|by (\w+)(?!\w*\()(?:, (\w+))?/g,
      ),
    ].flatMap(([, ...names]) => names.filter((name) => name !== undefined)),
  );
  expect(asked).toEqual(
    expect.arrayContaining(["message", "type", "agent", "code", "inputTokens", "microUsd"]),
  );
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
});

test("areas are of what is grouped by time alone: CloudWatch draws no others", async () => {
  const found = await queries();
  expect([...found.keys()]).toEqual([
    "Runs by status",
    "Failures of tasks, by name",
    "Tokens",
    "Cost in USD, by agent",
  ]);
  for (const { view, query } of found.values()) {
    expect(/ by bin\(\w+\)$/.test(query), query).toBe(view === "timeSeries");
  }
});
