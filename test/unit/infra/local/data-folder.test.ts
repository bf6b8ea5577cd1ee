import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openDataFolder } from "../../../../infra/local/data-folder.ts";

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-data-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

/** Opens it, closes it, and gives its store. */
const storeOf = (...args: Parameters<typeof openDataFolder>): string => {
  const folder = openDataFolder(...args);
  folder.release();
  return folder.store;
};

test("a folder remembers its store, so that whoever only looks finds the records", () => {
  const folder = newFolder();
  expect(storeOf(folder, "dynalite")).toBe("dynalite");
  expect(storeOf(folder)).toBe("dynalite");
  expect(storeOf(folder, "dynalite")).toBe("dynalite");
  expect(storeOf(newFolder())).toBe("sqlite");
});

test("another store than the folder's is refused in one line, and the folder is free again", () => {
  const folder = newFolder();
  storeOf(folder);
  expect(() => openDataFolder(folder, "dynalite")).toThrow(
    `data folder ${folder} keeps its records in sqlite; leave --store dynalite out, or choose another folder`,
  );
  expect(storeOf(folder)).toBe("sqlite");
});

test("a store that this version does not know is not guessed at", () => {
  const folder = newFolder();
  writeFileSync(join(folder, "store"), "rocksdb");
  expect(() => openDataFolder(folder)).toThrow("was written by another version");
});

test("a folder is made with its parents, for nobody else to read", () => {
  const folder = join(newFolder(), "a", "b", "c");
  storeOf(folder);
  for (const path of [folder, join(folder, "..")]) expect(statSync(path).mode & 0o777).toBe(0o700);
});

test("a folder is one host's, until it lets go of it", () => {
  const folder = newFolder();
  const { release } = openDataFolder(folder);
  expect(() => openDataFolder(folder)).toThrow(
    `data folder ${folder} is in use by process ${process.pid}; stop that host, or choose another folder`,
  );
  release();
  expect(storeOf(folder)).toBe("sqlite");
});

test("what is no lock of ours is not said to be in use", () => {
  const folder = newFolder();
  writeFileSync(join(folder, "lock.db"), "no database ".repeat(100));
  expect(() => openDataFolder(folder)).toThrow(/not a database/);
});
