import { expect, test } from "vitest";
import { CallWatchdog } from "../../../../functions/shared/adapters/anthropic-watchdog.ts";
import { ManualClock } from "../../../support/memory-ports.ts";

const watch = (options: { idleMs?: number; callMs?: number; caller?: AbortSignal } = {}) => {
  const clock = new ManualClock();
  const watchdog = new CallWatchdog({
    clock,
    idleMs: options.idleMs ?? 60_000,
    callMs: options.callMs ?? 300_000,
    caller: options.caller ?? new AbortController().signal,
  });
  /** Moves time and lets the watchdog look. */
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { watchdog, pass };
};

test("a silent provider is ended after idleMs, and not before", async () => {
  const { watchdog, pass } = watch();
  await pass(59_999);
  expect(watchdog.signal.aborted).toBe(false);
  await pass(1);
  expect(watchdog.signal.aborted).toBe(true);
  expect(watchdog.verdict).toMatchObject({ by: "watchdog" });
});

test("every sign of life begins the silence anew", async () => {
  const { watchdog, pass } = watch();
  for (let n = 0; n < 4; n += 1) {
    await pass(45_000);
    watchdog.signOfLife();
  }
  expect(watchdog.signal.aborted).toBe(false);
  await pass(60_000);
  expect(watchdog.signal.aborted).toBe(true);
});

test("a lively stream is ended after callMs all the same", async () => {
  const { watchdog, pass } = watch();
  for (let n = 0; n < 9; n += 1) {
    await pass(30_000);
    watchdog.signOfLife();
  }
  expect(watchdog.signal.aborted).toBe(false);
  await pass(30_000);
  expect(watchdog.verdict).toMatchObject({ message: "no whole answer within 300000 ms" });
});

test("I1: the caller's reason stands when the watchdog would bark later, and the other way round", async () => {
  const caller = new AbortController();
  const { watchdog, pass } = watch({ caller: caller.signal });
  caller.abort("stopped");
  await pass(300_000);
  expect(watchdog.verdict).toEqual({ by: "caller", reason: "stopped" });

  const late = new AbortController();
  const second = watch({ caller: late.signal });
  await second.pass(60_000);
  late.abort("too late");
  expect(second.watchdog.verdict).toMatchObject({ by: "watchdog" });
});

test("I2: after stop there is no verdict any more", async () => {
  const caller = new AbortController();
  const { watchdog, pass } = watch({ caller: caller.signal });
  watchdog.stop();
  caller.abort();
  await pass(1_000_000);
  expect(watchdog.verdict).toBeUndefined();
});

test("when the message is whole, the end of the stream is waited for only briefly", async () => {
  const { watchdog, pass } = watch();
  watchdog.linger();
  await pass(249);
  expect(watchdog.signal.aborted).toBe(false);
  await pass(1);
  expect(watchdog.signal.aborted).toBe(true);
  expect(watchdog.verdict).toBeUndefined();
});
