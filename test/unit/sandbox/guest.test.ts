import { describe, expect as expects, test } from "vitest";

// Plain modules, which run in QuickJS and nowhere else but here.
const load = (name: string): Promise<Record<string, never>> =>
  import(new URL(`../../../functions/sandbox/guest/${name}.mjs`, import.meta.url).href);
const { expect } = (await load("expect")) as unknown as { expect: (value: unknown) => Matchers };
const { isEqual } = (await load("equal")) as unknown as {
  isEqual: (a: unknown, b: unknown, options?: { strict: boolean }) => boolean;
};
const { inspect } = (await load("inspect")) as unknown as { inspect: (value: unknown) => string };
const { default: assert } = (await load("assert")) as unknown as {
  default: Record<string, (...values: readonly unknown[]) => unknown>;
};

type Matchers = Record<string, (...expected: readonly unknown[]) => unknown> & {
  readonly not: Matchers;
  readonly resolves: Matchers;
  readonly rejects: Matchers;
};

const call = (matchers: Matchers, name: string, ...expected: readonly unknown[]): unknown =>
  matchers[name]?.(...expected);

class Failing extends Error {}
const fails = (): never => {
  throw new Failing("it went wrong");
};

/** A matcher, a value and what is expected that pass; and a value for which the same fails. */
const CASES: readonly (readonly [
  name: string,
  passes: unknown,
  expected: readonly unknown[],
  fails: unknown,
])[] = [
  ["toBe", Number.NaN, [Number.NaN], 0],
  ["toEqual", { a: [1], b: undefined }, [{ a: [1] }], { a: [2] }],
  ["toStrictEqual", { a: 1 }, [{ a: 1 }], { a: 1, b: undefined }],
  ["toBeTruthy", "x", [], ""],
  ["toBeFalsy", 0, [], 1],
  ["toBeNull", null, [], undefined],
  ["toBeUndefined", undefined, [], null],
  ["toBeDefined", null, [], undefined],
  ["toBeNaN", Number.NaN, [], 1],
  ["toBeGreaterThan", 2, [1], 1],
  ["toBeGreaterThanOrEqual", 1n, [1n], 0n],
  ["toBeLessThan", 1, [2], 2],
  ["toBeLessThanOrEqual", 2, [2], 3],
  ["toBeCloseTo", 0.1 + 0.2, [0.3], 0.4],
  ["toBeInstanceOf", new Failing(""), [Error], {}],
  ["toBeTypeOf", "x", ["string"], 1],
  ["toContain", [1, 2], [2], [3]],
  ["toContain", "abc", ["bc"], "abd"],
  ["toContain", new Set(["a"]), ["a"], new Set()],
  ["toContainEqual", [{ a: 1 }], [{ a: 1 }], [{ a: 2 }]],
  ["toHaveLength", "abc", [3], []],
  ["toHaveProperty", { a: { b: 1 } }, ["a.b", 1], { a: { b: 2 } }],
  ["toHaveProperty", { a: undefined }, [["a"]], {}],
  ["toMatch", "abc", [/b/], "ac"],
  ["toMatch", "abc", ["b"], "ac"],
  ["toMatchObject", { a: { b: 1, c: 2 }, d: [1] }, [{ a: { b: 1 }, d: [1] }], { a: { b: 1 }, d: [1, 2] }],
  ["toThrow", fails, [], () => 1],
  [
    "toThrow",
    fails,
    ["went"],
    () => {
      throw new Error("other");
    },
  ],
  [
    "toThrow",
    fails,
    [/wrong$/],
    () => {
      throw new Error("other");
    },
  ],
  [
    "toThrow",
    fails,
    [Failing],
    () => {
      throw new Error("it went wrong");
    },
  ],
  ["toThrowError", fails, [new Error("it went wrong")], () => 1],
];

describe.each(CASES)("expect(…).%s", (name, passing, expected, failing) => {
  test("passes and fails where it should, and the other way round after not", () => {
    call(expect(passing), name, ...expected);
    expects(() => call(expect(failing), name, ...expected)).toThrow(/^expected /);
    call(expect(failing).not, name, ...expected);
    expects(() => call(expect(passing).not, name, ...expected)).toThrow(/^expected .* not to /s);
  });

  test("does the same with what a promise brings", async () => {
    await call(expect(Promise.resolve(passing)).resolves, name, ...expected);
    await expects(call(expect(Promise.resolve(failing)).resolves, name, ...expected)).rejects.toThrow();
    await call(expect(Promise.reject(failing)).rejects.not, name, ...expected);
  });
});

test("an expectation of a rejection fails when there is none, and every matcher has its case above", async () => {
  await expects(call(expect(Promise.resolve(1)).rejects, "toBe", 1)).rejects.toThrow("expected a rejection");
  await call(expect(Promise.reject(new Error("late"))).rejects, "toThrow", "late");
  const names = Object.keys(expect(1)).filter((name) => !["not", "resolves", "rejects"].includes(name));
  expects(names.filter((name) => !CASES.some(([one]) => one === name))).toEqual([]);
});

test("equality looks at structure, and is not led in a circle", () => {
  const ring = (): object => {
    const one: Record<string, unknown> = { n: 1 };
    one["self"] = one;
    return one;
  };
  expects(isEqual(ring(), ring())).toBe(true);
  expects(isEqual(new Map([["a", [1]]]), new Map([["a", [1]]]))).toBe(true);
  expects(isEqual(new Set([{ a: 1 }]), new Set([{ a: 2 }]))).toBe(false);
  expects(isEqual(new Date(1), new Date(2))).toBe(false);
  expects(isEqual(/a/g, /a/)).toBe(false);
  expects(isEqual(new Error("a"), new Error("b"))).toBe(false);
  expects(isEqual([1], { 0: 1 })).toBe(false);
  expects(isEqual([undefined], [null])).toBe(false);
  expects(isEqual(0, -0)).toBe(false);
  expects(isEqual(new Failing("a"), new Error("a"), { strict: true })).toBe(false);
});

test("assert's functions pass and fail where they should", async () => {
  assert["match"]?.("abc", /b/);
  assert["notEqual"]?.(1, 2);
  assert["doesNotThrow"]?.(() => 1);
  expects(() => assert["equal"]?.(1, "1")).toThrow('expected 1 to be "1"');
  expects(() => assert["deepEqual"]?.({ a: 1 }, { a: 2 }, "told")).toThrow("told");
  expects(() => assert["throws"]?.(() => 1)).toThrow("expected an error to be thrown");
  expects(() => assert["throws"]?.(fails, TypeError)).toThrow("to match");
  assert["throws"]?.(fails, (error: Error) => error.message === "it went wrong");
  await expects(assert["rejects"]?.(Promise.resolve(1))).rejects.toThrow("expected a rejection");
});

test("what is looked at is never in the way, however large, deep or ill-tempered", () => {
  const wide = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`k${n}`, n]));
  expects(inspect(wide).split("\n")).toHaveLength(103);
  expects(inspect({ a: { b: { c: { d: { e: { f: { g: 1 } } } } } } })).toContain("{…}");
  expects(inspect(new Proxy({}, { ownKeys: fails }))).toBe("[a value that cannot be looked at]");
  expects(inspect(new Uint8Array([1, 2]))).toBe("Uint8Array [1, 2]");
  expects(inspect(new Date(Number.NaN))).toBe("Invalid Date");
});
