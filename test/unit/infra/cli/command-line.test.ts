import { expect, test } from "vitest";
import { defineCommand, flagsOf } from "../../../../infra/cli/command.ts";
import { numberOf, parseCommandLine } from "../../../../infra/cli/command-line.ts";

const command = defineCommand({
  name: "fetch",
  summary: "Fetch something",
  positionals: ["TEXT", "[PATH]"],
  flags: { limit: { type: "string", value: "N", help: "at most" }, deep: { type: "boolean", help: "more" } },
  examples: [],
  run: async () => 0,
});

const parse = (...args: string[]) => parseCommandLine(command, args);

test("flags and positionals may come in any order", () => {
  expect(parse("--deep", "text", "--limit", "3", "path")).toEqual({
    values: { deep: true, limit: "3" },
    positionals: ["text", "path"],
  });
});

test("every command takes the common flags", () => {
  expect(parse("x", "--json", "--api=http://h:1", "--key", "k", "--data", "d").values).toEqual({
    json: true,
    api: "http://h:1",
    key: "k",
    data: "d",
  });
});

test("a command may give a common flag a meaning of its own, or refuse it", () => {
  const own = { ...command, common: { api: null, data: "keep it here" } };
  expect(flagsOf(own)).toMatchObject({ data: { value: "DIR", help: "keep it here" }, json: {} });
  expect(flagsOf(own)).not.toHaveProperty("api");
  expect(() => parseCommandLine(own, ["x", "--api", "http://h:1"])).toThrow("fetch has no flag --api");
});

test.for([
  [["x", "--jsno"], "fetch has no flag --jsno; did you mean --json?"],
  [["x", "--xyzzy"], "fetch has no flag --xyzzy"],
  [["x", "-q"], "fetch has no flag -q"],
  [["x", "--limit"], "--limit needs a value: --limit N"],
  [["x", "--limit="], "--limit needs a value: --limit N"],
  [["x", "--deep=yes"], "--deep takes no value"],
  [[], "fetch needs TEXT"],
  [["write", "a", "limiter"], 'fetch does not know what to do with "limiter"; put the text in quotes'],
] as const)("%j is refused with one sentence", ([args, message]) => {
  expect(() => parse(...args)).toThrow(expect.objectContaining({ name: "UsageError", message }));
});

test("a mistake names the help of its command and exits 2", () => {
  try {
    parse("x", "--nope");
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ exitCode: 2, hint: "npm run bulkhead -- fetch --help" });
  }
});

test("--help needs no positionals", () => {
  expect(parse("--help").values).toEqual({ help: true });
  expect(parse("-h").values).toEqual({ help: true });
});

test("what follows -- is text even when it looks like a flag", () => {
  expect(parse("--", "--deep").positionals).toEqual(["--deep"]);
});

test("numbers are checked where they are read", () => {
  expect(numberOf("--usd", "0.25", { whole: false })).toBe(0.25);
  expect(numberOf("--limit", undefined)).toBeUndefined();
  for (const wrong of ["soon", "", " ", "1e999", "1.5", "NaN"]) {
    expect(() => numberOf("--limit", wrong)).toThrow(/^--limit takes a whole number, not "/);
  }
});
