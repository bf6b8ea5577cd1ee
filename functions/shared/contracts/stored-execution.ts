import { z } from "zod";
import { OutboxEntry } from "./command.ts";
import { ExecutionState } from "./execution-state.ts";
import { HistoryEvent } from "./history-event.ts";
import type { Item } from "./item.ts";
import { listPartition, openShard, stateKey } from "./resources.ts";

/** The STATE item as its readers want it. `throws` counts failed handler runs since the last commit (P16). */
export interface StoredExecution {
  readonly version: number;
  readonly state: ExecutionState;
  /** The newest events, at most `eventsInStateMax` at rest; older ones are HISTORY items (P15). */
  readonly events: readonly HistoryEvent[];
  readonly outbox: readonly OutboxEntry[];
  readonly nextCheckAt: number | undefined;
  readonly throws: number;
}

const Events = z.array(HistoryEvent);

/** Made once: making a schema costs more than parsing with it, and STATE is read at every look. */
const StateItem = z.object({
  version: z.int().min(1),
  body: z.string(),
  events: z.string(),
  outbox: z.record(z.string(), OutboxEntry),
  nextCheckAt: z.int().optional(),
  throws: z.int().default(0),
});

/**
 * The attributes of STATE that change with a commit. The outbox is a map of its own, keyed by
 * entry id, so that removing what was carried out (P9) never conflicts with a commit.
 */
export const encodeState = (
  state: ExecutionState,
  events: readonly HistoryEvent[],
): { status: string; body: string; events: string } => ({
  status: state.status,
  body: JSON.stringify(state),
  events: JSON.stringify(events),
});

/** The STATE item of an accepted execution: nothing decided, due at once. */
export const newStateItem = (state: ExecutionState, nextCheckAt: number): Item => ({
  ...stateKey(state.executionId),
  version: 1,
  tenant: state.tenant,
  createdAt: state.createdAt,
  expiresAt: state.expiresAt,
  listPk: listPartition(state.tenant),
  openPk: openShard(state.executionId),
  nextCheckAt,
  throws: 0,
  outbox: {},
  ...encodeState(state, []),
});

/** The parsed STATE item, or what is wrong with it. */
export const decodeState = (
  item: Item,
): { ok: true; stored: StoredExecution } | { ok: false; reason: string } => {
  try {
    const { version, body, events, outbox, nextCheckAt, throws } = StateItem.parse(item);
    return {
      ok: true,
      stored: {
        version,
        state: ExecutionState.parse(JSON.parse(body)),
        events: Events.parse(JSON.parse(events)),
        outbox: Object.values(outbox).sort((a, b) => compareEntryIds(a.id, b.id)),
        nextCheckAt,
        throws,
      },
    };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message.slice(0, 300) : "not readable" };
  }
};

/** `<version>.<index>`: unique, and in commit order when sorted with `compareEntryIds`. */
export const outboxEntryId = (version: number, index: number): string => `${version}.${index}`;

export const compareEntryIds = (a: string, b: string): number => {
  const [aVersion = 0, aIndex = 0] = a.split(".").map(Number);
  const [bVersion = 0, bIndex = 0] = b.split(".").map(Number);
  return aVersion - bVersion || aIndex - bIndex;
};
