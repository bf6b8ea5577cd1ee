import { expect, test } from "vitest";
import { systemClock, systemRandom } from "../../../../functions/shared/adapters/system-clock.ts";

test("a sleep that is aborted rejects with the signal's own reason", async () => {
  const controller = new AbortController();
  const asleep = systemClock.sleep(60_000, controller.signal);
  const reason = new Error("stopped");
  controller.abort(reason);
  await expect(asleep).rejects.toBe(reason);
  await expect(systemClock.sleep(60_000, controller.signal)).rejects.toBe(reason);
});

test("a sleep takes its time", async () => {
  const began = performance.now();
  await systemClock.sleep(20);
  expect(performance.now() - began).toBeGreaterThan(18);
});

test("chance brings as many bytes as asked, and never the same", () => {
  expect(systemRandom.bytes(16)).toHaveLength(16);
  expect(Buffer.from(systemRandom.bytes(16))).not.toEqual(Buffer.from(systemRandom.bytes(16)));
});
