import type { Attribute, Item } from "../contracts/item.ts";
import type { ItemKey } from "../contracts/resources.ts";

/** Where an attribute is: its name, or the names down into a map. */
export type Path = readonly [string, ...string[]];

export type Condition =
  | { readonly path: Path; readonly is: "present" | "missing" }
  | { readonly path: Path; readonly is: "equal"; readonly value: string | number }
  /** Present and not above the value. */
  | { readonly path: Path; readonly is: "atMost"; readonly value: number }
  | { readonly path: Path; readonly is: "missingOrAtMost"; readonly value: number };

/** No two paths may name the same place or lie in each other, and none may name the key. */
export interface Change {
  readonly set?: ReadonlyArray<readonly [Path, Attribute]>;
  /** Adds to a number; one that is not there yet is 0. */
  readonly add?: ReadonlyArray<readonly [Path, number]>;
  readonly remove?: readonly Path[];
  /** All must hold. */
  readonly when: readonly Condition[];
}

/**
 * What a conditional write came to. A write may have been applied although it rejected or came
 * back `refused` (a retried request): whoever cares re-reads.
 */
export type Written = "applied" | "refused";

export interface Page {
  /** May be fewer than asked for, or none, although there are more. */
  readonly items: readonly Item[];
  /** Opaque; absent on the last page. */
  readonly next?: string;
}

/**
 * One table of items. Reads of items are strongly consistent unless asked otherwise; the two indexes are not.
 * Every method rejects with RetryableError when the store cannot be reached or throttles, and with
 * TerminalError when it refuses: no such table, no permission, an item above `itemBytesMax`.
 */
export interface Store {
  /** `mayBeStale`: the one read that need not be strongly consistent, for half the price. */
  get(key: ItemKey, options?: { readonly mayBeStale: boolean }): Promise<Item | undefined>;
  /** In the order of the keys, at most `getManyMax`; never a partial list. */
  getMany(keys: readonly ItemKey[]): Promise<ReadonlyArray<Item | undefined>>;
  /** All items of a partition whose sort key begins with `prefix`, by sort key; never a partial list. */
  list(pk: string, prefix?: string): Promise<readonly Item[]>;
  /** Creates; `refused` when an item with this key exists. */
  create(item: Item): Promise<Written>;
  /**
   * Changes an existing item; `refused` when it is absent or a condition does not hold. When all hold
   * but a path lies in no map, or an addition meets something else than a number, rejects with TerminalError and changes nothing.
   */
  update(key: ItemKey, change: Change): Promise<Written>;
  /**
   * Executions of one shard whose `nextCheckAt` has passed, the longest overdue first; may be stale.
   * Items hold `pk`, `sk`, `openPk` and `nextCheckAt`, nothing else.
   */
  due(shard: string, now: number, limit: number): Promise<readonly Item[]>;
  /**
   * STATE items of one tenant, newest first, optionally of one status; may be stale. `limit` is at
   * most `getManyMax`; `after` is a page's `next`.
   */
  newest(listPk: string, options: { limit: number; after?: string; status?: string }): Promise<Page>;
}
