import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { refusalOf } from "../../../../functions/shared/adapters/sqlite-file.ts";
import { createSqliteStore, type SqliteStore } from "../../../../functions/shared/adapters/sqlite-store.ts";
import { RetryableError, TerminalError } from "../../../../functions/shared/kernel/errors.ts";

let folder: string;
let file: string;
const opened: SqliteStore[] = [];
const open = (busyTimeoutMs?: number): SqliteStore => {
  const store = createSqliteStore({ file, ...(busyTimeoutMs === undefined ? {} : { busyTimeoutMs }) });
  opened.push(store);
  return store;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bulkhead-sqlite-"));
  file = join(folder, "bulkhead.db");
});
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

const key = { pk: "EXE#1", sk: "STATE" };

test("what was written is there after closing and opening again", async () => {
  const first = open();
  await first.create({ ...key, n: 1 });
  first.close();
  opened.splice(0);
  expect(await open().get(key)).toEqual({ ...key, n: 1 });
});

test("eight processes that open a new file at once, and count in it, lose nothing (I1)", async () => {
  const adapter = new URL("../../../../functions/shared/adapters/sqlite-store.ts", import.meta.url).href;
  const program = `
    import { createSqliteStore } from ${JSON.stringify(adapter)};
    const store = createSqliteStore({ file: ${JSON.stringify(file)} });
    const key = ${JSON.stringify(key)};
    await store.create({ ...key, count: 0, version: 0 });
    for (let n = 0; n < 25; n++) {
      for (;;) {
        const { version } = await store.get(key);
        const when = [{ path: ["version"], is: "equal", value: version }];
        const change = { set: [[["version"], version + 1]], add: [[["count"], 1]], when };
        if ((await store.update(key, change)) === "applied") break;
      }
    }
    store.close();
  `;
  const run = promisify(execFile);
  await Promise.all(
    Array.from({ length: 8 }, () =>
      run(process.execPath, ["--no-warnings", "--input-type=module", "--eval", program]),
    ),
  );
  expect(await open().get(key)).toEqual({ ...key, count: 200, version: 200 });
}, 30_000);

test("an update that fails half way leaves the item and no open transaction", async () => {
  const store = open();
  await store.create({ ...key, n: 1 });
  await expect(store.update(key, { set: [[["a", "b"], 1]], when: [] })).rejects.toBeInstanceOf(TerminalError);
  expect(await store.update(key, { add: [[["n"], 1]], when: [] })).toBe("applied");
  expect(await open().get(key)).toEqual({ ...key, n: 2 });
});

describe("what SQLite refuses", () => {
  test("a file that another process writes for too long is a RetryableError, and then works", async () => {
    const store = open(10);
    const other = new DatabaseSync(file);
    other.exec("BEGIN IMMEDIATE");
    const busy = store.create({ ...key });
    await expect(busy).rejects.toBeInstanceOf(RetryableError);
    await expect(busy).rejects.toThrow(/is being written by another process/);
    expect(await store.get(key)).toBeUndefined();
    other.exec("COMMIT");
    other.close();
    expect(await store.create({ ...key })).toBe("applied");
  });

  /** SQLite's own error for a statement, as an open store would meet it. */
  const errorOf = (database: DatabaseSync, statement: string): unknown => {
    try {
      database.exec(statement);
      return undefined;
    } catch (error) {
      return refusalOf(error, file);
    } finally {
      database.close();
    }
  };

  test("a disk that is full is a RetryableError that says so [bad-input 62]", () => {
    const full = new DatabaseSync(file);
    full.exec("CREATE TABLE item (text); PRAGMA max_page_count = 2");
    const refusal = errorOf(full, "INSERT INTO item VALUES (zeroblob(100000))");
    expect(refusal).toBeInstanceOf(RetryableError);
    expect((refusal as Error).message).toMatch(/disk that holds .* is full; free some space/);
  });

  test("a read-only file is a TerminalError that says what to do [bad-input 62]", () => {
    open();
    const refusal = errorOf(new DatabaseSync(file, { readOnly: true }), "DELETE FROM item");
    expect(refusal).toBeInstanceOf(TerminalError);
    expect((refusal as Error).message).toMatch(/is read-only; make it and its folder writable/);
  });

  test("a folder that does not exist is a TerminalError [bad-input 62]", () => {
    file = join(folder, "nowhere", "bulkhead.db");
    expect(open).toThrow(TerminalError);
    expect(open).toThrow(/its folder must exist/);
  });

  test("a folder in the file's place is a TerminalError", () => {
    mkdirSync(file);
    expect(open).toThrow(TerminalError);
  });

  test("a file that is no database is a TerminalError", () => {
    writeFileSync(file, "not a database, however long this text may be ".repeat(100));
    expect(open).toThrow(TerminalError);
    expect(open).toThrow(/is damaged; move it away/);
  });

  test("a file of another schema is a TerminalError, and is not touched", () => {
    const other = new DatabaseSync(file);
    other.exec("PRAGMA user_version = 7; CREATE TABLE theirs (a)");
    other.close();
    expect(open).toThrow(/another version \(schema 7/);
    const again = new DatabaseSync(file);
    expect(again.prepare("SELECT name FROM sqlite_schema").all()).toHaveLength(1);
    again.close();
  });
});
