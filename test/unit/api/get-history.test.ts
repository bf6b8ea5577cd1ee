import { describe, expect, test } from "vitest";
import { HistoryPage } from "../../../functions/shared/contracts/api.ts";
import type { HistoryEvent } from "../../../functions/shared/contracts/history-event.ts";
import { historyKey } from "../../../functions/shared/contracts/resources.ts";
import { type Api, anApi, answerWithin, aState, ID, NOW, putState, settled } from "./api-fixture.ts";

const event = (n: number): HistoryEvent => ({ n, at: NOW + n, type: "TaskResumed", task: 1, k: 1 });
const events = (from: number, to: number): HistoryEvent[] =>
  Array.from({ length: to - from + 1 }, (_, index) => event(from + index));

const read = async (api: Api, query = ""): Promise<HistoryPage> =>
  HistoryPage.parse(await (await api.request(`/executions/${ID}/history${query}`)).json());
const numbers = (page: HistoryPage): number[] => page.events.map(({ n }) => n);

const move = (api: Api, from: number, to: number): void =>
  api.store.force({ ...historyKey(ID, from), events: JSON.stringify(events(from, to)), expiresAt: 1 });

describe("GET /executions/{id}/history", () => {
  test("moved events and those still in STATE come in order, without gaps", async () => {
    const api = anApi();
    move(api, 1, 62);
    move(api, 63, 122);
    putState(api.store, aState({ eventCount: 125 }), { events: events(123, 125) });
    expect(numbers(await read(api))).toEqual(events(1, 125).map(({ n }) => n));
    expect(numbers(await read(api, "?after=60"))).toEqual(events(61, 125).map(({ n }) => n));
  });

  test("events that stand in both places are shown once (P15: the mover died between its writes)", async () => {
    const api = anApi();
    move(api, 1, 60);
    move(api, 61, 120);
    putState(api.store, aState({ eventCount: 120 }), { events: events(61, 120) });
    expect(numbers(await read(api))).toEqual(events(1, 120).map(({ n }) => n));
  });

  test("a client that is up to date costs no read of moved events", async () => {
    const api = anApi();
    move(api, 1, 60);
    putState(api.store, aState({ eventCount: 62 }), { events: events(61, 62) });
    expect(numbers(await read(api, "?after=60"))).toEqual([61, 62]);
    expect(api.store.requests.map(({ kind }) => kind)).toEqual(["get"]);
  });

  test("times are ISO 8601, also inside events", async () => {
    const api = anApi();
    const requested: HistoryEvent = {
      n: 1,
      at: NOW,
      type: "HandoffRequested",
      handoff: 1,
      task: 1,
      k: 1,
      callId: "c",
      mode: "single",
      branches: [{ task: 2, agent: "critic", preview: "p" }],
      onFailure: "collect",
      deadlineAt: NOW + 1_000,
      turns: 1,
      usage: {
        calls: 1,
        inputTokens: 1,
        outputTokens: 1,
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
        microUsd: null,
      },
    };
    putState(api.store, aState({ eventCount: 1 }), { events: [requested] });
    expect((await read(api)).events[0]).toMatchObject({
      at: "2023-11-14T22:13:20.000Z",
      deadlineAt: "2023-11-14T22:13:21.000Z",
      branches: [{ agent: "critic" }],
    });
  });

  test("2,500 events come in pages of 1,000, and `more` says when to ask on", async () => {
    const api = anApi();
    for (let from = 1; from <= 2_401; from += 100) move(api, from, from + 99);
    putState(api.store, aState({ status: "SUCCEEDED", eventCount: 2_500 }));
    const seen: number[] = [];
    const pages: (boolean | undefined)[] = [];
    do {
      const page = await read(api, `?after=${seen.at(-1) ?? 0}`);
      seen.push(...numbers(page));
      pages.push(page.more);
    } while (pages.at(-1) === true);
    expect(seen).toEqual(events(1, 2_500).map(({ n }) => n));
    expect(pages).toEqual([true, true, undefined]);
  });
});

describe("?wait= on the history", () => {
  test("waits for the next event", async () => {
    const api = anApi();
    putState(api.store, aState({ eventCount: 2 }), { events: events(1, 2) });
    const answer = api.request(`/executions/${ID}/history?after=2&wait=10`);
    await settled();
    api.clock.advance(500);
    await settled();
    putState(api.store, aState({ eventCount: 3 }), { events: events(1, 3), version: 3 });
    const { response, ms } = await answerWithin(api.clock, answer, 500);
    expect(numbers(HistoryPage.parse(await response.json()))).toEqual([3]);
    expect(ms).toBeLessThanOrEqual(100);
  });

  test("events that are there already, and the end, are told at once", async () => {
    const api = anApi();
    putState(api.store, aState({ eventCount: 2 }), { events: events(1, 2) });
    const there = await answerWithin(api.clock, api.request(`/executions/${ID}/history?after=1&wait=10`), 1);
    expect(numbers(HistoryPage.parse(await there.response.json()))).toEqual([2]);
    putState(api.store, aState({ status: "ABORTED", eventCount: 2 }), { events: events(1, 2) });
    const ended = await answerWithin(api.clock, api.request(`/executions/${ID}/history?after=2&wait=10`), 1);
    expect(await ended.response.json()).toEqual({ status: "ABORTED", events: [] });
  });

  test("an empty page comes when time is up", async () => {
    const api = anApi();
    putState(api.store, aState());
    const { response, ms } = await answerWithin(
      api.clock,
      api.request(`/executions/${ID}/history?wait=2`),
      3_000,
    );
    expect(ms).toBe(2_000);
    expect(await response.json()).toEqual({ status: "RUNNING", events: [] });
  });
});
