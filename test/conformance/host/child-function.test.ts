import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createFixture, type Fixture, invokeJson, isAlive } from "./fixture-functions.ts";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(() => fixture.stop());

const ECHO = "export const handler = async (event) => ({ echo: event, pid: process.pid });";
/** Answers when a file with the event's name appears: no test has to guess how long something takes. */
const GATE = `
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
export const handler = async ({ gate }) => {
  while (!existsSync(gate)) await sleep(5);
  return process.pid;
};`;
const open = async (gate: string): Promise<void> => (await import("node:fs")).writeFileSync(gate, "");

test("an invocation brings the handler's response, and the next one reuses the environment", async () => {
  const echo = fixture.define(ECHO);
  const first = await invokeJson(echo, { n: 1, text: "ö\u2028" });
  const second = await invokeJson(echo, { n: 2 });
  expect(first).toEqual({ echo: { n: 1, text: "ö\u2028" }, pid: expect.any(Number) });
  expect((second as { pid: number }).pid).toBe((first as { pid: number }).pid);
  expect(echo.environments).toHaveLength(1);
});

test("the context counts down to the function's timeout and names the request", async () => {
  const fn = fixture.define(
    `export const handler = async (_, context) => [context.getRemainingTimeInMillis(), context.awsRequestId, context.functionName];`,
    { timeoutMs: 7_000, name: "counting" },
  );
  const [remaining, id, name] = (await invokeJson(fn, {})) as [number, string, string];
  expect(remaining).toBeGreaterThan(5_000);
  expect(remaining).toBeLessThanOrEqual(7_000);
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect(name).toBe("counting");
});

test("E1: concurrent invocations each have a process of their own, up to the maximum, and the rest wait", async () => {
  const fn = fixture.define(GATE, { environmentsMax: 2 });
  const [one, two] = [join(fixture.folder, "one"), join(fixture.folder, "two")];
  const first = invokeJson(fn, { gate: one });
  const second = invokeJson(fn, { gate: two });
  const third = invokeJson(fn, { gate: two });
  await vi.waitFor(
    () => expect(fn.environments.filter(({ running }) => running === 1)).toHaveLength(2),
    5_000,
  );
  await open(two);
  const [b, c] = await Promise.all([second, third]);
  expect(fn.environments).toHaveLength(2);
  await open(one);
  const a = await first;
  expect(a).not.toBe(b);
  expect(c).toBe(b); // the busy one delayed nobody
});

test("F3: a function that stays busy gets a spare before anyone waits for it", async () => {
  const fn = fixture.define(GATE);
  const gate = join(fixture.folder, "spare");
  const busy = invokeJson(fn, { gate });
  await vi.waitFor(() => expect(fn.environments.some(({ hasSlot }) => hasSlot)).toBe(true), 5_000);
  expect(fn.environments).toHaveLength(2);
  await open(gate);
  await busy;
});

test("an environment with several slots runs that many invocations in one process", async () => {
  const fn = fixture.define(GATE, { slotsPerEnvironment: 3, environmentsMax: 1 });
  const gate = join(fixture.folder, "slots");
  const all = Promise.all([1, 2, 3].map(() => invokeJson(fn, { gate })));
  await vi.waitFor(() => expect(fn.environments[0]?.running).toBe(3), 5_000);
  await open(gate);
  expect(new Set((await all) as number[]).size).toBe(1);
});

test("a handler that throws is an error of that invocation only", async () => {
  const fn = fixture.define(`export const handler = async (event) => {
    if (event.bad) throw new RangeError("too far");
    return process.pid;
  };`);
  const before = await invokeJson(fn, {});
  await expect(fn.invoke('{"bad":true}')).rejects.toMatchObject({
    errorType: "RangeError",
    message: "too far",
  });
  expect(await invokeJson(fn, {})).toBe(before);
});

test("a child that dies fails its invocation with its last words, and the next one has a new child", async () => {
  const fn = fixture.define(`export const handler = async (event) => {
    if (event.die) { process.stderr.write("out of luck"); process.exit(3); }
    return process.pid;
  };`);
  const before = await invokeJson(fn, {});
  await expect(fn.invoke('{"die":true}')).rejects.toMatchObject({
    errorType: "Runtime.ExitError",
    message: expect.stringContaining("status 3"),
  });
  expect(await invokeJson(fn, {})).not.toBe(before);
});

test("kill -9 of a busy child fails its invocation at once", async () => {
  const fn = fixture.define(GATE);
  const running = fn.invoke(JSON.stringify({ gate: join(fixture.folder, "never") }));
  running.catch(() => {});
  await vi.waitFor(() => expect(fn.environments[0]?.running).toBe(1), 5_000);
  process.kill(fn.environments[0]?.pid ?? 0, "SIGKILL");
  await expect(running).rejects.toMatchObject({ errorType: "Runtime.ExitError" });
});

test("F4: a bundle that cannot be loaded fails the invocation, with the reason", async () => {
  const fn = fixture.define("import './nowhere.mjs'; export const handler = 1;");
  await expect(fn.invoke("{}")).rejects.toMatchObject({ message: expect.stringContaining("nowhere.mjs") });
  await expect(fn.warm()).rejects.toMatchObject({ message: expect.stringContaining("nowhere.mjs") });
});

test("E3, E4: a timeout kills the process group, grandchildren included, although the child spins", async () => {
  const pids = join(fixture.folder, "pids");
  const fn = fixture.define(
    `import { spawn } from "node:child_process";
    import { writeFileSync } from "node:fs";
    export const handler = async () => {
      const grandchild = spawn("sleep", ["1000"], { stdio: "ignore" });
      writeFileSync(${JSON.stringify(pids)}, JSON.stringify([process.pid, grandchild.pid]));
      for (;;);
    };`,
    { timeoutMs: 400 },
  );
  await expect(fn.invoke("{}")).rejects.toMatchObject({ errorType: "Sandbox.Timedout" });
  const { readFileSync } = await import("node:fs");
  const [child, grandchild] = JSON.parse(readFileSync(pids, "utf8")) as [number, number];
  await vi.waitFor(() => expect([isAlive(child), isAlive(grandchild)]).toEqual([false, false]), 5_000);
});

test("E4: what a child leaves behind when it exits goes too", async () => {
  const fn = fixture.define(`import { spawn } from "node:child_process";
    export const handler = async (event) => {
      if (event.exit) process.exit(0);
      return spawn("sleep", ["1000"], { stdio: "ignore" }).pid;
    };`);
  const grandchild = (await invokeJson(fn, {})) as number;
  expect(isAlive(grandchild)).toBe(true);
  await expect(fn.invoke('{"exit":true}')).rejects.toThrow("status 0");
  await vi.waitFor(() => expect(isAlive(grandchild)).toBe(false), 5_000);
});

test("E3: a timed-out invocation does not take those beside it in the same environment along", async () => {
  const gate = join(fixture.folder, "beside");
  const fn = fixture.define(GATE, { slotsPerEnvironment: 2, environmentsMax: 2, timeoutMs: 600 });
  await fn.warm();
  const late = fn.invoke(JSON.stringify({ gate: join(fixture.folder, "never") }));
  late.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 300)); // the two deadlines must differ
  const beside = invokeJson(fn, { gate });
  await expect(late).rejects.toMatchObject({ errorType: "Sandbox.Timedout" });
  const [retired] = fn.environments;
  expect(retired?.hasSlot).toBe(false);
  await open(gate);
  expect(await beside).toBe(retired?.pid);
  await retired?.ended;
});

test("E5: a child sees its own settings and nothing of the host's environment", async () => {
  process.env["BULKHEAD_TEST_CANARY"] = "canary-of-the-host";
  const dump = "export const handler = async () => process.env;";
  const [one, two] = [
    fixture.define(dump, { env: { KEY: "of-one" } }),
    fixture.define(dump, { env: { KEY: "of-two" } }),
  ];
  const seen = (await invokeJson(one, {})) as Record<string, string>;
  delete process.env["BULKHEAD_TEST_CANARY"];
  expect(JSON.stringify(seen)).not.toContain("canary-of-the-host");
  expect(seen["KEY"]).toBe("of-one");
  expect(seen["HOME"]).not.toBe(process.env["HOME"]);
  expect(seen["TMPDIR"]).not.toBe(((await invokeJson(two, {})) as Record<string, string>)["TMPDIR"]);
  expect(Object.keys(seen).sort()).toEqual(
    [
      "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
      "AWS_LAMBDA_FUNCTION_NAME",
      "AWS_LAMBDA_MAX_CONCURRENCY",
      "AWS_LAMBDA_RUNTIME_API",
      "HOME",
      "KEY",
      "LAMBDA_TASK_ROOT",
      "LANG",
      "PATH",
      "TMPDIR",
      "TZ",
      "_HANDLER",
    ].sort(),
  );
});

test("the scratch folder of an environment is gone with it", async () => {
  const fn = fixture.define("export const handler = async () => process.env.TMPDIR;");
  const folder = (await invokeJson(fn, {})) as string;
  expect(existsSync(folder)).toBe(true);
  fn.environments[0]?.kill();
  await vi.waitFor(() => expect(existsSync(folder)).toBe(false), 5_000);
});

test("a response over 6 MiB is an error, and the environment goes on", async () => {
  const fn = fixture.define(`export const handler = async ({ bytes }) => "x".repeat(bytes);`);
  await expect(fn.invoke(JSON.stringify({ bytes: 7_000_000 }))).rejects.toMatchObject({
    errorType: "Function.ResponseSizeTooLarge",
  });
  expect(await invokeJson(fn, { bytes: 3 })).toBe("xxx");
});

test("what a child prints reaches the host's log line by line, under the function's name", async () => {
  const fn = fixture.define(`export const handler = async () => { console.log("one\\ntwo"); };`, {
    name: "loud",
  });
  await invokeJson(fn, {});
  await vi.waitFor(() => expect(fixture.logged).toEqual(expect.arrayContaining(["loud: one", "loud: two"])));
});

test("an agent that runs out of memory runs out of its own", async () => {
  const fn = fixture.define(
    `export const handler = async () => { const all = []; for (;;) all.push(new Array(1e6).fill({})); };`,
    { memoryMb: 64 },
  );
  await expect(fn.invoke("{}")).rejects.toMatchObject({ errorType: "Runtime.ExitError" });
});

test("stopping lets a running invocation end within its grace and refuses new ones", async () => {
  const fn = fixture.define(GATE);
  const gate = join(fixture.folder, "grace");
  const running = invokeJson(fn, { gate });
  await vi.waitFor(() => expect(fn.environments[0]?.running).toBe(1), 5_000);
  const stopping = fn.stop(5_000);
  await expect(fn.invoke("{}")).rejects.toMatchObject({ errorType: "Host.Stopped" });
  await open(gate);
  expect(await running).toEqual(expect.any(Number));
  await stopping;
  expect(fn.environments).toHaveLength(0);
});
