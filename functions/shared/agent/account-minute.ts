import type { AccountLimits, AccountRecord } from "../contracts/provider-account.ts";
import type { ItemKey } from "../contracts/resources.ts";
import type { Condition, Store } from "../ports/store.ts";
import { orUnsure } from "./or-unsure.ts";

const MINUTE_MS = 60_000;
const TRIES_MAX = 4;

/** A call that was counted, to be settled in the same minute. */
export interface Counted {
  readonly window: number;
  readonly tokens: number;
}

/** An account with limits, as one agent counts its calls there. */
export interface CountedAccount {
  readonly store: Store;
  readonly key: ItemKey;
  readonly limits: AccountLimits;
  readonly now: () => number;
  /** Seconds, for the table's time to live. */
  readonly expiresAt: () => number;
}

/**
 * Counts a call of at most `asked` tokens in the current minute, in one update when nobody is in the way;
 * otherwise the milliseconds after which to look again. A hold counts as no room.
 */
export const countCall = async (account: CountedAccount, asked: number): Promise<Counted | number> => {
  const { store, key, limits, now } = account;
  const { requestsPerMinute, tokensPerMinute } = limits;
  // A call that is larger than a minute's tokens takes a whole minute's.
  const tokens = Math.min(asked, tokensPerMinute ?? asked);
  let window = Math.floor(now() / MINUTE_MS);
  for (let tries = 1; tries <= TRIES_MAX; tries++) {
    const counted = await orUnsure(
      store.update(key, {
        add: [
          [["requests"], 1],
          [["tokens"], tokens],
        ],
        when: [
          { path: ["window"], is: "equal", value: window },
          { path: ["heldUntil"], is: "missingOrAtMost", value: now() },
          ...atMost("requests", requestsPerMinute, 1),
          ...atMost("tokens", tokensPerMinute, tokens),
        ],
      }),
    );
    if (counted === "applied") return { window, tokens };
    const { heldUntil = 0, ...seen } = ((await store.get(key)) ?? {}) as AccountRecord;
    if (heldUntil > now()) return heldUntil - now();
    if (seen.window === undefined || seen.window < window) {
      if (await beginMinute(account, seen.window, { window, tokens })) return { window, tokens };
      continue;
    }
    // Another's clock is ahead: then its minute is the one that counts.
    window = seen.window;
    const isFull =
      (requestsPerMinute !== undefined && (seen.requests ?? 0) + 1 > requestsPerMinute) ||
      (tokensPerMinute !== undefined && (seen.tokens ?? 0) + tokens > tokensPerMinute);
    if (isFull) return Math.max(1, (window + 1) * MINUTE_MS - now());
  }
  return 1_000;
};

/** Puts what the call really took in the place of its estimate, as long as its minute is the current one. */
export const settleCall = (
  { store, key }: CountedAccount,
  { window, tokens }: Counted,
  used: number,
): Promise<unknown> =>
  store.update(key, {
    add: [[["tokens"], Math.min(used, tokens) - tokens]],
    when: [{ path: ["window"], is: "equal", value: window }],
  });

/** As if the call had never been asked for; it was not made. */
export const uncountCall = ({ store, key }: CountedAccount, { window, tokens }: Counted): Promise<unknown> =>
  store.update(key, {
    add: [
      [["requests"], -1],
      [["tokens"], -tokens],
    ],
    when: [{ path: ["window"], is: "equal", value: window }],
  });

const beginMinute = async (
  { store, key, now, expiresAt }: CountedAccount,
  before: number | undefined,
  { window, tokens }: Counted,
): Promise<boolean> => {
  const minute = { window, requests: 1, tokens, expiresAt: expiresAt() };
  if (before === undefined && (await store.create({ ...key, ...minute })) === "applied") return true;
  const unchanged: Condition =
    before === undefined
      ? { path: ["window"], is: "missing" }
      : { path: ["window"], is: "equal", value: before };
  const written = await orUnsure(
    store.update(key, {
      set: Object.entries(minute).map(([name, value]) => [[name], value] as const),
      when: [unchanged, { path: ["heldUntil"], is: "missingOrAtMost", value: now() }],
    }),
  );
  return written === "applied";
};

const atMost = (name: string, limit: number | undefined, added: number): Condition[] =>
  limit === undefined ? [] : [{ path: [name], is: "atMost", value: limit - added }];
