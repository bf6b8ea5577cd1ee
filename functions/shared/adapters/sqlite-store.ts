import type { DatabaseSync } from "node:sqlite";
import type { Item } from "../contracts/item.ts";
import { LIMITS } from "../contracts/limits.ts";
import type { ItemKey } from "../contracts/resources.ts";
import { assert } from "../kernel/assert.ts";
import { RetryableError } from "../kernel/errors.ts";
import type { Change, Page, Store, Written } from "../ports/store.ts";
import { evaluateChange } from "./evaluate-change.ts";
import { decodeItem, encodeItem } from "./item-text.ts";
import { openSqlite, refusalOf } from "./sqlite-file.ts";

/**
 * The store of the embedded host: one file, several processes.
 *
 *   I1. A change is judged on the revision that it replaces and on no other, so that of two
 *       conditional updates on the same version exactly one is applied, whichever process asks.
 *       Judging needs no lock: the file is locked for one statement, not while we think.
 *   I2. A write that came back `applied` survives the death of this process (not of the machine).
 *   I3. The columns beside `attributes` are copies, written with them in the same statement.
 */
export interface SqliteStore extends Store {
  close(): void;
}

export const createSqliteStore = ({
  file,
  busyTimeoutMs = 2_000,
}: {
  readonly file: string;
  /** How long a write waits for another process before it gives up as retryable; blocks the thread. */
  readonly busyTimeoutMs?: number;
}): SqliteStore => {
  const database = openSqlite(file, busyTimeoutMs);
  const statements = prepare(database);
  const attempt = async <T>(work: () => T): Promise<T> => {
    try {
      return work();
    } catch (error) {
      throw refusalOf(error, file);
    }
  };

  const read = (key: ItemKey): Item | undefined => {
    const row = statements.get.get(key.pk, key.sk);
    return row === undefined ? undefined : decodeItem(key, String(row["attributes"]));
  };

  const update = (key: ItemKey, change: Change): Written => {
    for (let tries = 1; tries <= UPDATE_TRIES_MAX; tries++) {
      const row = statements.get.get(key.pk, key.sk);
      const revision = row?.["revision"] ?? 0;
      const next = evaluateChange(row && decodeItem(key, String(row["attributes"])), change);
      if (next === undefined) return "refused";
      if (statements.update.run(...columnsOf(next), key.pk, key.sk, revision).changes === 1) return "applied";
    }
    throw new RetryableError("Internal", `other processes kept changing ${key.pk} ${key.sk}`);
  };

  const newest = (listPk: string, { limit, after, status }: Parameters<Store["newest"]>[1]): Page => {
    const [at, pk] = after === undefined ? [Number.MAX_SAFE_INTEGER, ""] : parsePosition(after);
    const rows =
      status === undefined
        ? statements.newest.all(listPk, at, pk, limit + 1)
        : statements.newestOf.all(listPk, at, pk, status, limit + 1);
    const items = rows.slice(0, limit).map(itemOf);
    const last = items.at(-1);
    return rows.length > limit && last !== undefined ? { items, next: positionOf(last) } : { items };
  };

  return {
    get: (key) => attempt(() => read(key)),
    getMany: (keys) =>
      attempt(() => {
        assert(keys.length <= LIMITS.getManyMax, `getMany of ${keys.length} keys`);
        return keys.map(read);
      }),
    list: (pk, prefix = "") =>
      attempt(() => statements.list.all(pk, prefix, prefix + HIGHEST_CHARACTER).map(itemOf)),
    create: (item) =>
      attempt(() =>
        statements.create.run(item.pk, item.sk, ...columnsOf(item)).changes === 1 ? "applied" : "refused",
      ),
    update: (key, change) => attempt(() => update(key, change)),
    due: (shard, now, limit) =>
      attempt(() => statements.due.all(shard, now, limit).map((row) => ({ ...row }) as Item)),
    newest: (listPk, options) => attempt(() => newest(listPk, options)),
    close: () => database.close(),
  };
};

/** Each failed try means that somebody else's succeeded. */
const UPDATE_TRIES_MAX = 1_000;

/** No sort key begins with it, so it ends the range of any prefix. */
const HIGHEST_CHARACTER = "\u{10FFFF}";

const prepare = (database: DatabaseSync) => ({
  get: database.prepare("SELECT attributes, revision FROM item WHERE pk = ? AND sk = ?"),
  list: database.prepare(
    "SELECT pk, sk, attributes FROM item WHERE pk = ? AND sk >= ? AND sk < ? ORDER BY sk",
  ),
  create: database.prepare(
    `INSERT INTO item (pk, sk, attributes, open_pk, next_check_at, list_pk, created_at, status)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  ),
  update: database.prepare(
    `UPDATE item SET attributes = ?, open_pk = ?, next_check_at = ?, list_pk = ?, created_at = ?,
     status = ?, revision = revision + 1 WHERE pk = ? AND sk = ? AND revision = ?`,
  ),
  due: database.prepare(
    `SELECT pk, sk, open_pk AS openPk, next_check_at AS nextCheckAt FROM item
     WHERE open_pk = ? AND next_check_at <= ? ORDER BY next_check_at LIMIT ?`,
  ),
  newest: database.prepare(
    `SELECT pk, sk, attributes FROM item WHERE list_pk = ? AND (created_at, pk) < (?, ?)
     ORDER BY created_at DESC, pk DESC LIMIT ?`,
  ),
  newestOf: database.prepare(
    `SELECT pk, sk, attributes FROM item WHERE list_pk = ? AND (created_at, pk) < (?, ?) AND status = ?
     ORDER BY created_at DESC, pk DESC LIMIT ?`,
  ),
});

/** I3: attributes first, then the columns in the order of both statements that write. */
const columnsOf = (item: Item) => [
  encodeItem(item),
  text(item["openPk"]),
  number(item["nextCheckAt"]),
  text(item["listPk"]),
  number(item["createdAt"]),
  text(item["status"]),
];

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
const number = (value: unknown): number | null => (typeof value === "number" ? value : null);

const itemOf = (row: Record<string, unknown>): Item =>
  decodeItem({ pk: String(row["pk"]), sk: String(row["sk"]) }, String(row["attributes"]));

const positionOf = (item: Item): string => `${item["createdAt"]} ${item.pk}`;

const parsePosition = (position: string): [number, string] => {
  const blank = position.indexOf(" ");
  assert(blank > 0, "`after` is not the `next` of a page");
  return [Number(position.slice(0, blank)), position.slice(blank + 1)];
};
