/**
 * Whether two values have the same structure. `strict` also compares classes, and tells an absent property
 * from one that is `undefined`. Cycles are equal where they lead back to the same place.
 */
export const isEqual = (a, b, { strict = false } = {}) => compare(a, b, strict, []);

const compare = (a, b, strict, above) => {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const pair = above.find(([left, right]) => left === a || right === b);
  if (pair !== undefined) return pair[0] === a && pair[1] === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (strict && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const inner = [...above, [a, b]];
  const same = (left, right) => compare(left, right, strict, inner);
  if (a instanceof Date || b instanceof Date)
    return a instanceof Date && b instanceof Date && Object.is(a.getTime(), b.getTime());
  if (a instanceof RegExp || b instanceof RegExp)
    return a instanceof RegExp && b instanceof RegExp && String(a) === String(b);
  if (a instanceof Error || b instanceof Error)
    return a instanceof Error && b instanceof Error && a.name === b.name && a.message === b.message;
  if (a instanceof Map || b instanceof Map)
    return a instanceof Map && b instanceof Map && sameMap(a, b, same);
  if (a instanceof Set || b instanceof Set)
    return a instanceof Set && b instanceof Set && sameSet(a, b, same);
  const keys = keysOf(a, strict);
  return (
    keys.length === keysOf(b, strict).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key])) &&
    (!Array.isArray(a) || a.length === b.length)
  );
};

const keysOf = (value, strict) =>
  Reflect.ownKeys(value).filter(
    (key) => Object.prototype.propertyIsEnumerable.call(value, key) && (strict || value[key] !== undefined),
  );

const sameMap = (a, b, same) =>
  a.size === b.size && [...a].every(([key, value]) => b.has(key) && same(value, b.get(key)));

const sameSet = (a, b, same) =>
  a.size === b.size && [...a].every((one) => b.has(one) || [...b].some((other) => same(one, other)));

/** Whether a value has at least what `expected` has. */
export const matchesObject = (value, expected) => {
  if (typeof expected !== "object" || expected === null) return Object.is(value, expected);
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(expected)) {
    return (
      Array.isArray(value) &&
      value.length === expected.length &&
      expected.every((one, index) => matchesObject(value[index], one))
    );
  }
  if (Object.getPrototypeOf(expected) !== Object.prototype) return isEqual(value, expected);
  return Object.keys(expected).every((key) => key in value && matchesObject(value[key], expected[key]));
};
