import { DatabaseSync } from "node:sqlite";
import { RetryableError, TerminalError } from "../kernel/errors.ts";

const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS item (
    pk TEXT NOT NULL, sk TEXT NOT NULL, attributes TEXT NOT NULL, revision INTEGER NOT NULL DEFAULT 1,
    open_pk TEXT, next_check_at REAL, list_pk TEXT, created_at REAL, status TEXT,
    PRIMARY KEY (pk, sk)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS open ON item (open_pk, next_check_at)
    WHERE open_pk IS NOT NULL AND next_check_at IS NOT NULL;
  CREATE INDEX IF NOT EXISTS list ON item (list_pk, created_at, pk, status)
    WHERE list_pk IS NOT NULL AND created_at IS NOT NULL;
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** 16 MiB: a checkpoint flushes to disk, and whoever's commit reaches the mark waits for it. */
const CHECKPOINT_PAGES = 4_096;

/**
 * Opens the file, making it when it is not there; any number of processes may do so at once.
 * WAL lets readers go on while one process writes; NORMAL leaves the flush to checkpoints, which a
 * crash of a process survives and a power cut does not: enough for a laptop.
 */
export const openSqlite = (file: string, busyTimeoutMs: number): DatabaseSync => {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: busyTimeoutMs });
    database.exec(`PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    if (versionOf(database) !== SCHEMA_VERSION) makeSchema(database, file);
    return database;
  } catch (error) {
    database?.close();
    throw refusalOf(error, file);
  }
};

/** SQLite's own codes, as what the caller should do about them. */
export const refusalOf = (error: unknown, file: string): unknown => {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  if (typeof code !== "number") return error;
  const options = { cause: error };
  // The low byte is the primary code; the rest says where it came from.
  switch (code & 0xff) {
    case 5: // SQLITE_BUSY
    case 6: // SQLITE_LOCKED
      return new RetryableError("Internal", `${file} is being written by another process`, options);
    case 10: // SQLITE_IOERR
      return new RetryableError("Internal", `${file} could not be read or written`, options);
    case 13: // SQLITE_FULL
      return new RetryableError("Internal", `the disk that holds ${file} is full; free some space`, options);
    case 8: // SQLITE_READONLY
      return new TerminalError("Internal", `${file} is read-only; make it and its folder writable`, options);
    case 14: // SQLITE_CANTOPEN
      return new TerminalError("Internal", `${file} cannot be opened; its folder must exist`, options);
    case 11: // SQLITE_CORRUPT
    case 26: // SQLITE_NOTADB
      return new TerminalError("Internal", `${file} is damaged; move it away and start anew`, options);
    default:
      return error;
  }
};

const versionOf = (database: DatabaseSync): number =>
  Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);

const makeSchema = (database: DatabaseSync, file: string): void => {
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("BEGIN IMMEDIATE");
  const version = versionOf(database);
  if (version !== 0 && version !== SCHEMA_VERSION) {
    throw new TerminalError(
      "Internal",
      `${file} was written by another version (schema ${version}, this one reads ${SCHEMA_VERSION}); use another data folder`,
    );
  }
  database.exec(SCHEMA);
  database.exec("COMMIT");
};
