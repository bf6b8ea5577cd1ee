import { ExecutionId } from "../shared/contracts/ids.ts";
import type { Item } from "../shared/contracts/item.ts";
import { openShards } from "../shared/contracts/resources.ts";
import type { SweeperPorts } from "../shared/ports/sweeper-ports.ts";

/** Per shard and sweep; what is more overdue comes first, the rest a sweep later. */
const SHARD_PAGE_MAX = 100;
/** Hints in flight at once. */
const SENDS_MAX = 20;

export interface Swept {
  readonly due: number;
  readonly failed: number;
}

/**
 * The liveness guarantee: whatever message was lost, an execution whose `nextCheckAt` has passed
 * is looked at again. A shard or a send that fails does not keep the others waiting; rejects at
 * the end when anything failed, so that the run shows as failed. Sweeping twice is harmless.
 */
export const sweep = async ({ store, queues, clock, log }: SweeperPorts): Promise<Swept> => {
  const errors: unknown[] = [];
  const now = clock.now();
  const pages = await Promise.allSettled(openShards().map((shard) => store.due(shard, now, SHARD_PAGE_MAX)));
  errors.push(...pages.flatMap((page) => (page.status === "rejected" ? [page.reason] : [])));
  const due = pages.flatMap((page) => (page.status === "fulfilled" ? page.value : [])).flatMap(executionIdOf);
  for (let from = 0; from < due.length; from += SENDS_MAX) {
    const sends = await Promise.allSettled(
      due
        .slice(from, from + SENDS_MAX)
        .map((executionId) => queues.sendHint({ v: 1, kind: "look", executionId })),
    );
    errors.push(...sends.flatMap((send) => (send.status === "rejected" ? [send.reason] : [])));
  }
  const swept = { due: due.length, failed: errors.length };
  if (due.length > 0 || errors.length > 0) log.info("swept", { ...swept });
  if (errors.length > 0) throw new AggregateError(errors, "some of the sweep failed");
  return swept;
};

/** From the key: the index carries nothing else. */
const executionIdOf = ({ pk }: Item): ExecutionId[] => {
  const id = ExecutionId.safeParse(pk.replace(/^EXE#/, ""));
  return id.success ? [id.data] : [];
};
