import { setTimeout as sleep } from "node:timers/promises";
import type { EventView, ExecutionView, HistoryPage } from "../../functions/shared/contracts/api.ts";
import type { ExecutionId } from "../../functions/shared/contracts/ids.ts";
import type { ApiClient } from "./api-client.ts";
import { ApiError, UnreachableError } from "./errors.ts";
import { type ToolCallNews, ToolCallWatch } from "./tool-call-watch.ts";

export interface Watcher {
  /** Every event once, in order, with the tool calls that led to it and were not told before. */
  event(event: EventView, calls: readonly ToolCallNews[]): void;
  /** The execution as it is now, never older than the one before, with new tool calls. */
  view(view: ExecutionView, calls: readonly ToolCallNews[]): void;
}

/** As long as the API allows. */
const HISTORY_WAIT_SECONDS = 25;
/** A wait ends when a model call begins, but tools run without a change that it sees. */
const VIEW_WAIT_SECONDS = { whileModelsWork: 5, whileToolsWork: 1 };
/** Between two questions, however fast the answers change. */
const PAUSE_MS = 100;

/**
 * Watches an execution to its end and resolves with its last view. Rejects with the signal's
 * reason, or when the API has been out of reach for about half a minute.
 */
export const followExecution = async (
  api: ApiClient,
  id: ExecutionId,
  watcher: Watcher,
  signal?: AbortSignal,
): Promise<ExecutionView> => {
  const ended = new AbortController();
  const stop = signal === undefined ? ended.signal : AbortSignal.any([ended.signal, signal]);
  const calls = new ToolCallWatch(api, id);
  let views: Promise<void> | undefined;
  try {
    for await (const event of followHistory(api, id, { after: 0, ...(signal && { signal }) })) {
      watcher.event(event, await calls.before(event, stop));
      views ??= watchViews(api, id, watcher, calls, stop);
    }
  } finally {
    ended.abort();
    await views;
  }
  const last = await patiently(() => api.execution(id));
  watcher.view(last, []);
  return last;
};

/** Events after number `after`, each as soon as it is recorded, until the execution's last. */
export async function* followHistory(
  api: ApiClient,
  id: ExecutionId,
  options: { after: number; signal?: AbortSignal },
): AsyncGenerator<EventView> {
  let { after } = options;
  const { signal } = options;
  for (;;) {
    const page = await patiently(
      () => api.history(id, { after, waitSeconds: HISTORY_WAIT_SECONDS, ...(signal && { signal }) }),
      signal,
    );
    for (const event of page.events) {
      after = event.n;
      yield event;
      if (isLast(event)) return;
    }
    // An execution whose state could not be read ends without an event (P16).
    if (page.status !== "RUNNING" && page.events.length === 0) return;
    // Whoever answers without waiting must not be asked in a loop.
    if (page.events.length === 0) await sleep(PAUSE_MS, undefined, { ...(signal && { signal }) });
  }
}

/** All events there are now, whatever the API's page size. */
export const recordedHistory = async (api: ApiClient, id: ExecutionId): Promise<HistoryPage> => {
  const events: EventView[] = [];
  for (;;) {
    const page = await api.history(id, { after: events.at(-1)?.n ?? 0 });
    events.push(...page.events);
    if (page.more !== true) return { status: page.status, events };
  }
};

const isLast = ({ type }: EventView): boolean => /^Execution(Succeeded|Failed|TimedOut|Aborted)$/.test(type);

/** The pictures between the events. Losing them loses nothing: what matters is in the history. */
const watchViews = async (
  api: ApiClient,
  id: ExecutionId,
  watcher: Watcher,
  calls: ToolCallWatch,
  signal: AbortSignal,
): Promise<void> => {
  let known: string | undefined;
  let waitSeconds: number | undefined;
  try {
    for (;;) {
      const began = performance.now();
      const { view, tag } = await api.executionSince(id, known, {
        ...(waitSeconds && { waitSeconds }),
        signal,
      });
      known = undefined;
      waitSeconds = undefined;
      // After a wait in vain, the next look is one at everything.
      if (view !== undefined) {
        watcher.view(view, await calls.since(view, signal));
        if (view.status !== "RUNNING") return;
        known = tag;
        waitSeconds = VIEW_WAIT_SECONDS[isBetweenCalls(view) ? "whileToolsWork" : "whileModelsWork"];
      }
      await sleep(Math.max(0, PAUSE_MS - (performance.now() - began)), undefined, { signal });
    }
  } catch {
    // Aborted, or out of reach, which the history's poll reports.
  }
};

const isBetweenCalls = ({ tasks }: ExecutionView): boolean =>
  tasks.some(({ status, doing }) => status === "SCHEDULED" && doing !== "model");

const TRIES_MAX = 6;

/** Tries a read again when a connection breaks or the API is busy: 0.5, 1, 2, 4 and 8 s later. */
const patiently = async <T>(read: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await read();
    } catch (error) {
      if (tries === TRIES_MAX || !mayPass(error)) throw error;
      const asked = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
      await sleep(Math.max(asked, 250 * 2 ** tries), undefined, { ...(signal && { signal }) });
    }
  }
};

const mayPass = (error: unknown): boolean =>
  error instanceof UnreachableError ||
  (error instanceof ApiError && (error.problem.status === 429 || error.problem.status >= 500));
