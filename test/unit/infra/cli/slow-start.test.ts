import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sayWhenSlow } from "../../../../infra/cli/slow-start.ts";
import { FakeProcess } from "./fake-process.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const after = (ms: number) => () => new Promise<string>((resolve) => setTimeout(resolve, ms, "started"));

const stderrAfter = async (ms: number, options: ConstructorParameters<typeof FakeProcess>[0] = {}) => {
  const process = new FakeProcess(options);
  const done = sayWhenSlow(process, "starting…", after(ms));
  await vi.runAllTimersAsync();
  expect(await done).toBe("started");
  return process.written.stderr;
};

test("what takes a moment is not talked about", async () => {
  expect(await stderrAfter(250)).toBe("");
});

test("what takes longer is, in a line that stays in a pipe and goes on a terminal", async () => {
  expect(await stderrAfter(400)).toBe("starting…\n");
  expect(await stderrAfter(400, { terminal: { columns: 80 } })).toBe("starting…\r\u001b[2K");
  expect(await stderrAfter(400, { terminal: { columns: 80 }, env: { TERM: "dumb" } })).toBe("starting…\n");
});

test("a start that fails takes its note away too", async () => {
  const process = new FakeProcess({ terminal: { columns: 80 } });
  const failing = sayWhenSlow(process, "starting…", () =>
    after(400)().then(() => Promise.reject(new Error("no"))),
  );
  const outcome = failing.then(
    () => "resolved",
    (error: Error) => error.message,
  );
  await vi.runAllTimersAsync();
  expect(await outcome).toBe("no");
  expect(process.written.stderr).toBe("starting…\r\u001b[2K");
});
