import type { Item } from "../../../functions/shared/contracts/item.ts";
import type { SimProcess } from "../sim-process.ts";
import type { Watch } from "../watch.ts";

const ownerOf = (record: Item | undefined): string | undefined =>
  (record?.["claim"] as { owner: string } | undefined)?.owner;

/**
 * Those whose message was deleted under them: it was delivered twice, and whoever had it too, with the
 * newer receipt, was done with it before they claimed. When such an owner dies, no message comes back,
 * and other messages of its task were acknowledged as copies (P13): only the sweeper finds it (P10).
 */
export const orphanedOwners = () => {
  const holders = new Map<string, Set<SimProcess>>();
  const orphans = new Set<SimProcess>();
  const processes = new Map<string, SimProcess>();

  const watch = {
    delivered(process, _queue, { messageId }) {
      const held = holders.get(messageId) ?? new Set();
      holders.set(messageId, held.add(process));
    },
    judged(process, _queue, { messageId }, verdict) {
      if (verdict !== "done") return;
      for (const other of holders.get(messageId) ?? []) {
        if (other !== process && !other.hasEnded && !other.isDead) orphans.add(other);
      }
    },
    wrote({ process, key, after }) {
      const owner = key.sk === "TASK" ? ownerOf(after) : undefined;
      if (owner !== undefined) processes.set(owner, process);
    },
  } satisfies Watch;

  return {
    watch,
    /** Whether the record is claimed by one of them that has died. */
    owns: (record: Item | undefined): boolean => {
      const owner = processes.get(ownerOf(record) ?? "");
      return owner?.isDead === true && orphans.has(owner);
    },
  };
};
