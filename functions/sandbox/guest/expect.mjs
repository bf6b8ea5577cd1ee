import { isEqual, matchesObject } from "./equal.mjs";
import { inspectNested } from "./inspect.mjs";

/** What a failed `expect` or `assert` throws. */
export class AssertionError extends Error {
  name = "AssertionError";
}

/** `expect(value).toBe(…)`, `.not`, `.resolves` and `.rejects`. */
export const expect = (value) => ({
  ...matchersFor(value, false),
  not: matchersFor(value, true),
  get resolves() {
    return awaited(() => value);
  },
  get rejects() {
    return awaited(() => rejectionOf(value));
  },
});

const rejectionOf = async (promise) => {
  let value;
  try {
    value = await (typeof promise === "function" ? promise() : promise);
  } catch (error) {
    return error;
  }
  throw new AssertionError(`expected a rejection, but it resolved to ${inspectNested(value)}`);
};

const awaited = (settle) => {
  const later = (isNot) =>
    Object.fromEntries(
      Object.keys(MATCHERS).map((name) => [
        name,
        async (...expected) => check(name, await settle(), expected, isNot),
      ]),
    );
  return { ...later(false), not: later(true) };
};

const matchersFor = (value, isNot) =>
  Object.fromEntries(
    Object.keys(MATCHERS).map((name) => [name, (...expected) => check(name, value, expected, isNot)]),
  );

const check = (name, value, expected, isNot) => {
  const { passes, saw = value } = MATCHERS[name](value, ...expected);
  if (passes !== isNot) return;
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const wanted = expected.map(inspectNested).join(", ");
  throw new AssertionError(
    `expected ${inspectNested(saw)} ${isNot ? "not " : ""}${words}${wanted === "" ? "" : ` ${wanted}`}`,
  );
};

const MATCHERS = {
  toBe: (value, expected) => ({ passes: Object.is(value, expected) }),
  toEqual: (value, expected) => ({ passes: isEqual(value, expected) }),
  toStrictEqual: (value, expected) => ({ passes: isEqual(value, expected, { strict: true }) }),
  toBeTruthy: (value) => ({ passes: Boolean(value) }),
  toBeFalsy: (value) => ({ passes: !value }),
  toBeNull: (value) => ({ passes: value === null }),
  toBeUndefined: (value) => ({ passes: value === undefined }),
  toBeDefined: (value) => ({ passes: value !== undefined }),
  toBeNaN: (value) => ({ passes: Number.isNaN(value) }),
  toBeGreaterThan: (value, than) => ({ passes: value > than }),
  toBeGreaterThanOrEqual: (value, than) => ({ passes: value >= than }),
  toBeLessThan: (value, than) => ({ passes: value < than }),
  toBeLessThanOrEqual: (value, than) => ({ passes: value <= than }),
  toBeCloseTo: (value, to, digits = 2) => ({
    passes: value === to || Math.abs(value - to) < 10 ** -digits / 2,
  }),
  toBeInstanceOf: (value, type) => ({ passes: value instanceof type }),
  toBeTypeOf: (value, type) => ({ passes: typeof value === type }),
  toContain: (value, one) => ({
    passes: typeof value === "string" ? value.includes(one) : [...value].includes(one),
  }),
  toContainEqual: (value, one) => ({ passes: [...value].some((other) => isEqual(other, one)) }),
  toHaveLength: (value, length) => ({ passes: value?.length === length }),
  toHaveProperty: (value, path, ...rest) => {
    const found = propertyOf(value, Array.isArray(path) ? path : String(path).split("."));
    return { passes: found !== undefined && (rest.length === 0 || isEqual(found.value, rest[0])) };
  },
  toMatch: (value, pattern) => ({
    passes: typeof pattern === "string" ? String(value).includes(pattern) : pattern.test(value),
  }),
  toMatchObject: (value, expected) => ({ passes: matchesObject(value, expected) }),
  toThrow: (value, expected) => {
    const thrown = thrownBy(value);
    return thrown === undefined
      ? { passes: false, saw: "nothing thrown" }
      : { passes: isExpectedError(thrown.error, expected), saw: thrown.error };
  },
};
MATCHERS.toThrowError = MATCHERS.toThrow;

const propertyOf = (value, path) => {
  let found = { value };
  for (const key of path) {
    if (found.value === null || found.value === undefined || !(key in Object(found.value))) return undefined;
    found = { value: found.value[key] };
  }
  return found;
};

/** After `.rejects`, the value is the error itself. */
const thrownBy = (value) => {
  if (typeof value !== "function") return value instanceof Error ? { error: value } : undefined;
  try {
    value();
    return undefined;
  } catch (error) {
    return { error };
  }
};

/** By nothing, a part of the message, a pattern, a class, or an error with the same message. */
export const isExpectedError = (error, expected) => {
  if (expected === undefined) return true;
  if (typeof expected === "function") return error instanceof expected;
  const message = String(error?.message ?? error);
  if (typeof expected === "string") return message.includes(expected);
  if (expected instanceof RegExp) return expected.test(message);
  return expected instanceof Error ? message === expected.message : matchesObject(error, expected);
};
