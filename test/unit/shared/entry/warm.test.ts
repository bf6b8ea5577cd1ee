import { expect, test } from "vitest";
import { warm } from "../../../../functions/shared/entry/warm.ts";

test("the thing is made at once, and once for all who ask", async () => {
  let made = 0;
  const get = warm(async () => ++made);
  expect(made).toBe(1);
  expect(await Promise.all([get(), get(), get()])).toEqual([1, 1, 1]);
});

test("a failure reaches who asks, and the next who asks starts anew", async () => {
  let tries = 0;
  const get = warm(async () => {
    tries++;
    if (tries < 3) throw new Error(`try ${tries}`);
    return tries;
  });
  await expect(get()).rejects.toThrow("try 1");
  await expect(get()).rejects.toThrow("try 2");
  expect(await get()).toBe(3);
  expect(await get()).toBe(3);
});

test("a failure that nobody asked about harms nobody", async () => {
  const get = warm(async () => Promise.reject(new Error("early")));
  await new Promise(setImmediate);
  await expect(get()).rejects.toThrow("early");
});
