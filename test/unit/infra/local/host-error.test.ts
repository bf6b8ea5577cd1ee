import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { HostError, toHostError } from "../../../../infra/local/host-error.ts";

const coded = (code: string): Error => Object.assign(new Error(`${code}: operation failed`), { code });

test.each([
  ["EROFS", "cannot be written to"],
  ["EACCES", "cannot be written to"],
  ["ENOSPC", "is on a full disk"],
  ["EADDRINUSE", "is taken"],
  ["ENOTDIR", "is not a folder"],
])("%s is one line that begins with the place and says what to do [bad-input 62]", (code, said) => {
  const error = toHostError(coded(code), "data folder /x");
  expect(error).toBeInstanceOf(HostError);
  expect(error.message).toMatch(new RegExp(`^data folder /x ${said}.*; [a-z].+$`));
  expect(error).toMatchObject({ exitCode: 2, cause: { code } });
});

test("SQLite's own errors are understood too", () => {
  let caught: unknown;
  try {
    new DatabaseSync("/nowhere/at/all.db");
  } catch (error) {
    caught = error;
  }
  expect(toHostError(caught, "data folder /x").message).toContain("cannot be written to");
});

test("a bug of ours stays what it is", () => {
  const bug = new TypeError("x is not a function");
  expect(toHostError(bug, "data folder /x")).toBe(bug);
});
