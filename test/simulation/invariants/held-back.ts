import { accountKey, accountPartition } from "../../../functions/shared/contracts/resources.ts";
import type { SimProcess } from "../sim-process.ts";
import { ACCOUNT } from "../team.ts";
import { must } from "../violation.ts";
import type { Books, StateWatch } from "./books.ts";

/**
 * Invariant 12: a provider that says when to come back is heard by all agents of its account. Whoever
 * calls has looked just before and seen no hold; whoever was told to wait passes it on before it calls
 * again or gives its attempt up.
 */
export const heldBack = (books: Books): StateWatch => {
  /** By process, for its next call only: until when it had seen the account held. */
  const seen = new Map<SimProcess, number>();
  const owed = new Map<SimProcess, number>();

  const checkTold = (process: SimProcess, what: string): void => {
    const until = owed.get(process);
    owed.delete(process);
    if (until === undefined || !process.isClean) return;
    const heldUntil = Number(books.peek(accountKey(ACCOUNT))?.["heldUntil"] ?? 0);
    must(
      heldUntil >= until,
      12,
      () => `${process.id} ${what} and has not told the others to wait for ${until - heldUntil} ms more`,
    );
  };

  return {
    read(process, { pk }, item) {
      if (pk === accountPartition(ACCOUNT)) seen.set(process, Number(item?.["heldUntil"] ?? 0));
    },
    calledModel({ process, retryAfterSeconds, now }) {
      checkTold(process, "calls again");
      const heldUntil = seen.get(process);
      seen.delete(process);
      must(heldUntil !== undefined, 12, () => `${process.id} calls without having looked at its account`);
      const early = heldUntil - now - process.skewMs;
      must(early <= 0, 12, () => `${process.id} calls ${early} ms before it may`);
      if (retryAfterSeconds === undefined) return;
      owed.set(process, now + process.skewMs + retryAfterSeconds * 1000);
    },
    wrote({ process, key, after }) {
      const isGivenUp = (after["failure"] as { name?: string } | undefined)?.name === "RateLimited";
      if (key.sk === "TASK" && after["status"] === "FAILED" && isGivenUp) checkTold(process, "gives up");
    },
  };
};
