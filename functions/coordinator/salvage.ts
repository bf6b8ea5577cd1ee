import { z } from "zod";
import { ExecutionState, initialState } from "../shared/contracts/execution-state.ts";
import { HistoryEvent } from "../shared/contracts/history-event.ts";
import type { ExecutionId } from "../shared/contracts/ids.ts";
import type { Item } from "../shared/contracts/item.ts";
import { DEFAULT_EXECUTION_LIMITS } from "../shared/contracts/limits.ts";
import { parsedJson } from "../shared/kernel/parsed-json.ts";

export interface Salvaged {
  /** Parses as a known version, whatever the item holds. */
  readonly state: ExecutionState;
  readonly events: readonly HistoryEvent[];
}

/** P16: as much of a STATE item as can still be read; what cannot gets the plainest value there is. */
export const salvage = (item: Item, executionId: ExecutionId): Salvaged => {
  const body = parsedJson(String(item["body"]));
  const events = z
    .array(HistoryEvent)
    .catch([])
    .parse(parsedJson(String(item["events"])));
  const whole = ExecutionState.safeParse(body);
  if (whole.success) return { state: whole.data, events };
  const part = Part.parse(typeof body === "object" && body !== null ? body : {});
  const state = initialState({
    executionId,
    tenant: z.string().catch("default").parse(item["tenant"]),
    createdAt: z.int().nonnegative().catch(0).parse(item["createdAt"]),
    expiresAt: z.int().catch(0).parse(item["expiresAt"]),
    ...part,
  });
  return { state: { ...state, eventCount: events.at(-1)?.n ?? 0 }, events };
};

const { agent, input, limits } = ExecutionState.shape;
const Part = z.object({
  agent: agent.catch("coder"),
  input: input.catch({ inline: "" }),
  limits: limits.catch(DEFAULT_EXECUTION_LIMITS),
});
