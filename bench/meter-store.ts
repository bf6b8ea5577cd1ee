import type { Item } from "../functions/shared/contracts/item.ts";
import type { ItemKey } from "../functions/shared/contracts/resources.ts";
import type { MemoryStore } from "../test/support/memory-ports.ts";

export interface Units {
  write: number;
  read: number;
  /** Write units by the first word of the sort key, and `index` for what the two indexes take. */
  readonly writeBy: Record<string, number>;
}

/**
 * Counts what DynamoDB would bill for a store's requests from now on: a write unit for each KiB of the
 * larger of an item before and after, refused or not, and of each index entry that is written or deleted;
 * a read unit for each 4 KiB, strongly consistent, of an item, or of all the items of a list together.
 */
export const meterStore = (store: MemoryStore): Units => {
  const units: Units = { write: 0, read: 0, writeBy: {} };
  const find = ({ pk, sk }: ItemKey): Item | undefined =>
    store.items().find((item) => item.pk === pk && item.sk === sk);
  const countWrite = (what: string, n: number): void => {
    units.write += n;
    units.writeBy[what] = (units.writeBy[what] ?? 0) + n;
  };
  const around = async <T>(key: ItemKey, request: () => Promise<T>): Promise<T> => {
    const before = find(key);
    const answer = await request();
    const after = find(key);
    const bytes = Math.max(sizeOf(before), sizeOf(after));
    countWrite(key.sk.split("#")[0] ?? "", Math.max(1, Math.ceil(bytes / 1024)));
    const index = indexWrites(before, after);
    if (index > 0) countWrite("index", index);
    return answer;
  };
  const { create, update, get, getMany, list } = store;
  store.create = (item) => around(item, () => create.call(store, item));
  store.update = (key, change) => around(key, () => update.call(store, key, change));
  const countRead = (bytes: number, perUnit = 1): void => {
    units.read += perUnit * Math.max(1, Math.ceil(bytes / 4096));
  };
  store.get = (key, options) => {
    countRead(sizeOf(find(key)), options?.mayBeStale ? 0.5 : 1);
    return get.call(store, key);
  };
  store.getMany = (keys) => {
    for (const key of keys) countRead(sizeOf(find(key)));
    return getMany.call(store, keys);
  };
  store.list = async (pk, prefix) => {
    const items = await list.call(store, pk, prefix);
    countRead(items.reduce((sum, item) => sum + sizeOf(item), 0));
    return items;
  };
  return units;
};

/** Names and values in UTF-8; numbers and maps as their JSON, which is a little more than DynamoDB counts. */
const sizeOf = (item: Item | undefined): number =>
  Object.entries(item ?? {}).reduce(
    (sum, [name, value]) =>
      sum +
      Buffer.byteLength(name) +
      Buffer.byteLength(typeof value === "string" ? value : JSON.stringify(value)),
    0,
  );

/** An entry whose key changes is deleted and written; one whose projected attributes change is written. */
const indexWrites = (before: Item | undefined, after: Item | undefined): number =>
  entryWrites(before, after, ["openPk", "nextCheckAt"], []) +
  entryWrites(before, after, ["listPk", "createdAt"], ["status"]);

const entryWrites = (
  before: Item | undefined,
  after: Item | undefined,
  key: readonly string[],
  projected: readonly string[],
): number => {
  const isIn = (item: Item | undefined): boolean => key.every((name) => item?.[name] !== undefined);
  const differs = (names: readonly string[]): boolean =>
    names.some((name) => before?.[name] !== after?.[name]);
  if (!isIn(before)) return isIn(after) ? 1 : 0;
  if (!isIn(after)) return 1;
  if (differs(key)) return 2;
  return differs(projected) ? 1 : 0;
};
