import assert from "node:assert/strict";
import { test } from "node:test";
import { RateLimiter } from "../src/rate-limiter.ts";

/** A limiter on a clock that only moves when the test says so. */
const limiterAt = (options: { capacity: number; refillPerSecond: number }) => {
  let ms = 0;
  const limiter = new RateLimiter({ ...options, now: () => ms });
  const wait = (more: number): void => {
    ms += more;
  };
  return { limiter, wait };
};

test("a burst may be as large as the capacity, and not larger", () => {
  const { limiter } = limiterAt({ capacity: 3, refillPerSecond: 1 });
  const decisions = [1, 2, 3, 4].map(() => limiter.take("ann").allowed);
  assert.deepEqual(decisions, [true, true, true, false]);
});

test("tokens come back with time, but never more than the capacity", () => {
  const { limiter, wait } = limiterAt({ capacity: 2, refillPerSecond: 1 });
  limiter.take("ann", 2);
  wait(60_000);
  assert.deepEqual(limiter.take("ann", 2), { allowed: true, remaining: 0 });
  assert.equal(limiter.take("ann").allowed, false);
});

test("whoever waits as long as told gets in", () => {
  const { limiter, wait } = limiterAt({ capacity: 1, refillPerSecond: 4 });
  limiter.take("ann");
  const refused = limiter.take("ann");
  assert.deepEqual(refused, { allowed: false, retryAfterMs: 250 });
  wait(250);
  assert.equal(limiter.take("ann").allowed, true);
});

test("one key's burst costs another key nothing", () => {
  const { limiter } = limiterAt({ capacity: 1, refillPerSecond: 1 });
  assert.equal(limiter.take("ann").allowed, true);
  assert.equal(limiter.take("bob").allowed, true);
});

test("a cost that no bucket can ever hold is a mistake of the caller", () => {
  const { limiter } = limiterAt({ capacity: 5, refillPerSecond: 1 });
  assert.throws(() => limiter.take("ann", 6), RangeError);
  assert.throws(() => limiter.take("ann", 0), RangeError);
});

test("sweep forgets full buckets and keeps the others", () => {
  const { limiter, wait } = limiterAt({ capacity: 2, refillPerSecond: 1 });
  limiter.take("ann", 2);
  wait(1_000);
  limiter.take("bob");
  wait(1_000);
  assert.equal(limiter.sweep(), 2);
  limiter.take("ann", 2);
  assert.equal(limiter.sweep(), 0);
});
