import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
