import { expect, test } from "vitest";
import { HostLog, logLevelOf } from "../../../../infra/cli/host-log.ts";

test("each line of a function is one line with the function's name, and harmless", () => {
  const lines: string[] = [];
  const hostLog = new HostLog((line) => lines.push(line));
  hostLog.log("coder", '{"level":"error","message":"could not start"}');
  hostLog.log("critic", "Error: no such file\n    at load\n\n\u001b[2J");
  expect(lines).toEqual([
    'coder  {"level":"error","message":"could not start"}',
    "critic  Error: no such file",
    "critic      at load",
  ]);
});

test("lines go where progress wants them, and nowhere once the host is to stop", () => {
  const lines: string[] = [];
  const hostLog = new HostLog(() => expect.unreachable());
  hostLog.redirect((line) => lines.push(line));
  hostLog.log("coder", "one");
  hostLog.mute();
  hostLog.log("coder", "two");
  expect(lines).toEqual(["coder  one"]);
});

test("errors are always told; more is asked for by flag or environment", () => {
  expect(logLevelOf({})).toBe("error");
  expect(logLevelOf({ BULKHEAD_LOG_LEVEL: "warn" })).toBe("warn");
  expect(logLevelOf({ BULKHEAD_LOG_LEVEL: "error" }, true)).toBe("info");
  expect(() => logLevelOf({ BULKHEAD_LOG_LEVEL: "loud" })).toThrow(
    'BULKHEAD_LOG_LEVEL takes info, warn or error, not "loud"',
  );
});
