// `node:assert` and `node:assert/strict`: the functions that tests use, always strict.
import { isEqual } from "./equal.mjs";
import { AssertionError, isExpectedError } from "./expect.mjs";
import { inspectNested } from "./inspect.mjs";

const hold = (passes, message, otherwise) => {
  if (passes) return;
  if (message instanceof Error) throw message;
  throw new AssertionError(message ?? otherwise());
};

const assert = (value, message) => assert.ok(value, message);

assert.ok = (value, message) =>
  hold(Boolean(value), message, () => `expected ${inspectNested(value)} to be truthy`);
assert.fail = (message) => hold(false, message, () => "failed");

const both = (words, compare) => (actual, expected, message) =>
  hold(
    compare(actual, expected),
    message,
    () => `expected ${inspectNested(actual)} ${words} ${inspectNested(expected)}`,
  );
const isDeepEqual = (a, b) => isEqual(a, b, { strict: true });

assert.equal = assert.strictEqual = both("to be", Object.is);
assert.notEqual = assert.notStrictEqual = both("not to be", (a, b) => !Object.is(a, b));
assert.deepEqual = assert.deepStrictEqual = both("to equal", isDeepEqual);
assert.notDeepEqual = assert.notDeepStrictEqual = both("not to equal", (a, b) => !isDeepEqual(a, b));
assert.match = both("to match", (text, pattern) => pattern.test(text));
assert.doesNotMatch = both("not to match", (text, pattern) => !pattern.test(text));

const judge = (error, expected, message) => {
  // A function that is no class judges the error itself.
  const isCheck =
    typeof expected === "function" && !(expected.prototype instanceof Error || expected === Error);
  const fits = isCheck ? expected(error) === true : isExpectedError(error, expected);
  hold(fits, message, () => `expected ${inspectNested(error)} to match ${inspectNested(expected)}`);
};

assert.throws = (fn, expected, message) => {
  let thrown;
  try {
    fn();
  } catch (error) {
    thrown = { error };
  }
  hold(thrown !== undefined, message, () => "expected an error to be thrown");
  judge(thrown.error, typeof expected === "string" ? undefined : expected, message);
};

assert.rejects = async (promise, expected, message) => {
  let thrown;
  try {
    await (typeof promise === "function" ? promise() : promise);
  } catch (error) {
    thrown = { error };
  }
  hold(thrown !== undefined, message, () => "expected a rejection");
  judge(thrown.error, typeof expected === "string" ? undefined : expected, message);
};

assert.doesNotThrow = (fn) => {
  fn();
};
assert.doesNotReject = async (promise) => {
  await (typeof promise === "function" ? promise() : promise);
};
assert.AssertionError = AssertionError;
assert.strict = assert;

export const {
  ok,
  fail,
  equal,
  strictEqual,
  notEqual,
  notStrictEqual,
  deepEqual,
  deepStrictEqual,
  notDeepEqual,
  notDeepStrictEqual,
  match,
  doesNotMatch,
  throws,
  rejects,
  doesNotThrow,
  doesNotReject,
} = assert;
export { AssertionError, assert as strict };
// What `import assert from "node:assert"` asks for.
// biome-ignore lint/style/noDefaultExport: the module that this one stands for has one
export default assert;
