import { expect, test } from "vitest";
import { isRelative, resolveImport } from "../../../../functions/shared/kernel/resolve-import.ts";

const resolve = (importer: string, specifier: string, ...files: readonly string[]): string | undefined =>
  resolveImport(importer, specifier, (path) => files.includes(path));

test("a path is taken as it is, before any ending is guessed", () => {
  expect(resolve("src/main.ts", "./a", "src/a", "src/a.ts")).toBe("src/a");
  expect(resolve("src/main.ts", "./a.js", "src/a.js", "src/a.ts")).toBe("src/a.js");
});

test("endings are found, .js stands for .ts, and a folder for its index", () => {
  expect(resolve("src/main.ts", "./a", "src/a.ts")).toBe("src/a.ts");
  expect(resolve("src/main.ts", "./a.mjs", "src/a.mts")).toBe("src/a.mts");
  expect(resolve("src/main.ts", "../lib", "lib/index.ts")).toBe("lib/index.ts");
  expect(resolve("main.ts", "./data", "data.json")).toBe("data.json");
});

test("a path may go up to the workspace's root and not above it", () => {
  expect(resolve("a/b/c.ts", "../../d.ts", "d.ts")).toBe("d.ts");
  expect(resolve("a/b/c.ts", "../../../d.ts", "d.ts", "../d.ts")).toBeUndefined();
  expect(resolve("a.ts", "./b/../../c.ts", "c.ts")).toBeUndefined();
});

test("only what begins with a dot and a slash is relative", () => {
  expect(["./a", "../a"].every(isRelative)).toBe(true);
  expect(["a", "/a", ".a", "..", "node:fs", "http://x/./a"].some(isRelative)).toBe(false);
});
