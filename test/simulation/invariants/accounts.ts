import type { Item } from "../../../functions/shared/contracts/item.ts";
import { accountKey, accountPartition } from "../../../functions/shared/contracts/resources.ts";
import type { SimProcess } from "../sim-process.ts";
import { ACCOUNT } from "../team.ts";
import { must } from "../violation.ts";
import type { WriteSeen } from "../watch.ts";
import type { Books, StateWatch } from "./books.ts";

/**
 * Invariant 12, of what all agents share at their provider. A provider that says when to come back is heard
 * by all of them: whoever calls has looked just before and seen no hold; whoever was told to wait passes
 * it on before it calls again or gives its attempt up. Where the account has limits, each call was counted
 * before, no minute gives out more than there is, and only a call that is not made is taken back.
 */
export const sharedAccounts = (books: Books): StateWatch => {
  const { accountLimits } = books.scene;
  const hasLimits = Object.keys(accountLimits).length > 0;
  /** By process, for its next call only: until when it had seen the account held. */
  const seen = new Map<SimProcess, number>();
  const owed = new Map<SimProcess, number>();

  const checkTold = (process: SimProcess, what: string): void => {
    const until = owed.get(process);
    owed.delete(process);
    if (until === undefined || !process.isClean) return;
    const heldUntil = heldUntilOf(books.peek(accountKey(ACCOUNT)));
    must(
      heldUntil >= until,
      12,
      () => `${process.id} ${what} and has not told the others to wait for ${until - heldUntil} ms more`,
    );
  };

  const counted = ({ process, before, after }: WriteSeen): void => {
    const was = minuteOf(before);
    const is = minuteOf(after);
    const { requestsPerMinute = Infinity, tokensPerMinute = Infinity } = accountLimits;
    must(is.requests <= requestsPerMinute, 12, () => `${is.requests} calls in minute ${is.window}`);
    must(is.tokens <= tokensPerMinute, 12, () => `${is.tokens} tokens in minute ${is.window}`);
    must(is.window >= was.window, 12, () => `minute ${was.window} follows minute ${is.window}`);
    const isNew = is.window > was.window;
    // Whoever gives its place back has not called, and must look again before it does.
    const isGivenBack = is.requests === was.requests - 1 && seen.delete(process);
    must(
      isNew || is.requests >= was.requests || isGivenBack,
      12,
      () => `calls of minute ${is.window} were forgotten`,
    );
    // The write itself was conditional on there being no hold: that was the look.
    if (isNew || is.requests > was.requests) seen.set(process, heldUntilOf(before));
  };

  return {
    read(process, { pk }, item) {
      if (pk === accountPartition(ACCOUNT) && !hasLimits) seen.set(process, heldUntilOf(item));
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
    wrote(write) {
      const { process, key, after } = write;
      if (key.pk === accountPartition(ACCOUNT)) counted(write);
      const isGivenUp = (after["failure"] as { name?: string } | undefined)?.name === "RateLimited";
      if (key.sk === "TASK" && after["status"] === "FAILED" && isGivenUp) checkTold(process, "gives up");
    },
  };
};

const heldUntilOf = (item: Item | undefined): number => Number(item?.["heldUntil"] ?? 0);

const minuteOf = (item: Item | undefined): { window: number; requests: number; tokens: number } => ({
  window: Number(item?.["window"] ?? 0),
  requests: Number(item?.["requests"] ?? 0),
  tokens: Number(item?.["tokens"] ?? 0),
});
