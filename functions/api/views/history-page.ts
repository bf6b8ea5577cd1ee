import type { EventView, HistoryPage } from "../../shared/contracts/api.ts";
import { HistoryEvent } from "../../shared/contracts/history-event.ts";
import { LIMITS } from "../../shared/contracts/limits.ts";
import { HISTORY_PREFIX, stateKey } from "../../shared/contracts/resources.ts";
import type { StoredExecution } from "../../shared/contracts/stored-execution.ts";
import type { Store } from "../../shared/ports/store.ts";
import { timestamp } from "./timestamp.ts";

/**
 * Events after a number, in order and without gaps. STATE was read first, so an event that has
 * moved since (P15) is still in what was read; one that stands in both places, because the mover
 * died between its two writes, is shown once.
 */
export const viewHistory = async (
  store: Pick<Store, "list">,
  { state, events }: StoredExecution,
  after: number,
): Promise<HistoryPage> => {
  const isAllInState = (events[0]?.n ?? state.eventCount + 1) <= after + 1;
  const moved = isAllInState ? [] : await movedEvents(store, state.executionId);
  const byNumber = new Map([...moved, ...events].map((event) => [event.n, event]));
  const following = [...byNumber.values()].filter(({ n }) => n > after).sort((a, b) => a.n - b.n);
  const page = following.slice(0, LIMITS.historyPageEventsMax);
  return {
    status: state.status,
    events: page.map(eventView),
    ...(page.length < following.length ? { more: true } : {}),
  };
};

const movedEvents = async (store: Pick<Store, "list">, id: string): Promise<HistoryEvent[]> => {
  const items = await store.list(stateKey(id).pk, HISTORY_PREFIX);
  return items.flatMap((item) => HistoryEvent.array().parse(JSON.parse(String(item["events"]))));
};

const eventView = ({ at, ...event }: HistoryEvent): EventView => ({
  ...event,
  ...("deadlineAt" in event && event.deadlineAt !== undefined
    ? { deadlineAt: timestamp(event.deadlineAt) }
    : {}),
  at: timestamp(at),
});
