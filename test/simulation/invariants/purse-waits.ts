import { LIMITS } from "../../../functions/shared/contracts/limits.ts";
import type { SimProcess } from "../sim-process.ts";
import { must } from "../violation.ts";
import type { Books, StateWatch } from "./books.ts";
import { CLOCKS_MS } from "./claims.ts";
import { openOf } from "./permit-view.ts";

/** A purse that has refused a process, and whom the process may have seen there since. */
interface Refusal {
  reads: number;
  isAnybodyAlive: boolean;
}

/**
 * Invariant 10 (P4): whoever waits for a purse waits for somebody. Reservations that are too old, or
 * dated too far ahead, give nothing back; who waits for them waits for the dead.
 */
export const hopefulWaits = (books: Books): StateWatch => {
  /** By process: the refusal that it has had no other word since. */
  const refused = new Map<SimProcess, Refusal>();

  return {
    refused(process, { sk }, change) {
      // Nobody waits because a settlement was refused: somebody has settled before.
      const isReservation = sk === "PERMIT" && change?.set?.some(([[name]]) => name === "open") === true;
      if (isReservation) refused.set(process, { reads: 0, isAnybodyAlive: false });
    },
    read(process, { sk }, item) {
      // Each call begins with a look at the account: whoever waits then waits for that, and not for the purse.
      if (sk === "PROVIDER") refused.delete(process);
      const refusal = sk === "PERMIT" ? refused.get(process) : undefined;
      if (refusal === undefined) return;
      const now = books.scheduler.now + process.skewMs;
      refusal.reads += 1;
      refusal.isAnybodyAlive ||= Object.values(openOf(item)).some(
        ({ at }) => Math.abs(now - at) < LIMITS.reservationMsMax + CLOCKS_MS,
      );
    },
    wrote({ process, key, before, after }) {
      if (key.sk === "PERMIT") refused.delete(process);
      const waits = after["waitsUntil"] !== undefined && after["waitsUntil"] !== before?.["waitsUntil"];
      const refusal = refused.get(process);
      if (key.sk !== "TASK" || !waits || refusal === undefined || refusal.reads === 0) return;
      const say = () =>
        `${process.id} lets ${after["taskId"]} wait, although nobody alive had reserved anything`;
      must(refusal.isAnybodyAlive, 10, say, "P4");
    },
  };
};
