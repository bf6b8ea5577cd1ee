import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { HostError } from "./host-error.ts";

export type StoreKind = "sqlite" | "dynalite";

export interface DataFolder {
  readonly path: string;
  /** Signs page tokens; the same over restarts, so that a token outlives them. */
  readonly tokenSecret: string;
  /** Where the folder's records are; remembered, because in the other store there would be none. */
  readonly store: StoreKind;
  release(): void;
}

/**
 * Opens the folder for this host alone. `store` is for a new folder; one that there was keeps its own.
 *
 * The lock is SQLite's: an open exclusive transaction, which the operating system ends with the
 * process, however it dies. A file with a process id in it would outlive `kill -9`, and the id may
 * be another process's by then; here it only tells whom to stop.
 *
 * Throws HostError when another host has the folder or when it has another store than the one asked for, and the file system's error when it cannot be used.
 */
export const openDataFolder = (dataDir: string, store?: StoreKind): DataFolder => {
  const path = resolve(dataDir);
  makeFolder(path);
  const { bavail, bsize } = statfsSync(path);
  if (bavail * bsize < FREE_BYTES_MIN)
    throw Object.assign(new Error("little space is left"), { code: "ENOSPC" });
  const holder = join(path, "host.pid");
  const lock = new DatabaseSync(join(path, "lock.db"), { timeout: 0 });
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new HostError(
      `data folder ${dataDir} is in use${byWhom(holder)}; stop that host, or choose another folder`,
    );
  }
  try {
    writeFileSync(holder, String(process.pid));
    return {
      path,
      store: storeOf(path, dataDir, store),
      tokenSecret: readOrCreate(join(path, "token-secret"), () => randomBytes(32).toString("hex")),
      release: () => {
        rmSync(holder, { force: true });
        lock.close();
      },
    };
  } catch (error) {
    lock.close();
    throw error;
  }
};

const storeOf = (path: string, dataDir: string, asked: StoreKind | undefined): StoreKind => {
  const kept = readOrCreate(join(path, "store"), () => asked ?? "sqlite").trim();
  if (kept !== "sqlite" && kept !== "dynalite")
    throw new HostError(`data folder ${dataDir} was written by another version; choose another folder`);
  if (asked === undefined || asked === kept) return kept;
  throw new HostError(
    `data folder ${dataDir} keeps its records in ${kept}; leave --store ${asked} out, or choose another folder`,
  );
};

/**
 * With its parents. Not by `recursive`: below /proc, where a parent is there and nothing can be made
 * in it, that never returns (Node 24.21).
 */
const makeFolder = (path: string): void => {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  mkdirSync(path, { mode: 0o700 });
};

/** Room for the databases, their logs and a few executions; with less, the first of them would fail. */
const FREE_BYTES_MIN = 16 * 1024 * 1024;

const SQLITE_BUSY = 5;
const isBusy = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && Number(error.errcode) === SQLITE_BUSY;

const byWhom = (holder: string): string => {
  try {
    return ` by process ${Number(readFileSync(holder, "utf8"))}`;
  } catch {
    return "";
  }
};

const readOrCreate = (file: string, make: () => string): string => {
  try {
    writeFileSync(file, make(), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return readFileSync(file, "utf8");
};
