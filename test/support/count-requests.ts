import type { World } from "./world.ts";

export interface RequestCounts {
  readonly messages: { readonly events: number; readonly agents: number };
  readonly invocations: Readonly<Record<string, number>>;
  /** Conditional writes, by item. */
  readonly writes: Readonly<Record<string, number>>;
  /** Items read one by one or in a batch, and partitions listed. */
  readonly reads: Readonly<Record<string, number>>;
  readonly blobs: number;
  readonly total: { readonly writes: number; readonly reads: number; readonly messages: number };
}

/** What a world asked of queues, store and blobs, by kind: the numbers that AWS bills. */
export const countRequests = (world: World): RequestCounts => {
  const writes: Record<string, number> = {};
  const reads: Record<string, number> = {};
  for (const { kind, key } of world.store.requests) {
    const item = (key.split("|")[1] || key).split("#")[0] ?? "";
    if (kind === "create" || kind === "update") writes[item] = (writes[item] ?? 0) + 1;
    else if (kind === "get") reads[item] = (reads[item] ?? 0) + 1;
    else if (kind === "list")
      reads[`list ${key.split("#")[0]}`] = (reads[`list ${key.split("#")[0]}`] ?? 0) + 1;
  }
  const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((a, b) => a + b, 0);
  return {
    messages: world.sentTo,
    invocations: world.invocations,
    writes,
    reads,
    blobs: world.blobs.texts.size,
    total: {
      writes: sum(writes),
      reads: sum(reads),
      messages: world.sentTo.events + world.sentTo.agents,
    },
  };
};
