import type { Item } from "../../../functions/shared/contracts/item.ts";
import type { SimProcess } from "../sim-process.ts";
import type { Watch } from "../watch.ts";
import { claimOf, type Ownerships } from "./ownership.ts";

/**
 * Those whose message was deleted under them: it was delivered twice, and whoever had it too handed the task
 * on with another message and was done with it. When they claim the task in between and die, nothing comes
 * back, and that other message was acknowledged as a copy (P13): only the sweeper finds the task (P10).
 */
export const orphanedOwners = (ownerships: Ownerships) => {
  const holders = new Map<string, Set<SimProcess>>();
  const orphans = new Set<SimProcess>();

  const watch = {
    delivered(process, _queue, { messageId }) {
      const held = holders.get(messageId) ?? new Set();
      holders.set(messageId, held.add(process));
    },
    judged(process, _queue, { messageId }, verdict) {
      if (verdict !== "done") return;
      for (const other of holders.get(messageId) ?? []) if (other !== process) orphans.add(other);
    },
  } satisfies Watch;

  return {
    watch,
    /** Whether the record is claimed by one of them that has died. */
    owns: (record: Item | undefined): boolean => {
      const claim = claimOf(record);
      const owner = claim && ownerships.processOf(claim);
      return owner?.isDead === true && orphans.has(owner);
    },
  };
};
