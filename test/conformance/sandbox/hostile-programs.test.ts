import { describe, expect, test } from "vitest";
import { failureOf, openRunner, returnOf } from "./run.ts";

/** For programs that end by themselves, however busy the machine is. */
const run = openRunner(60_000);
/** For those that do not, so that they are ended soon; nothing here is measured. */
const runBriefly = openRunner(500);

/** Each program has an instance of its own; one look after each group is enough to see that. */
const nextProgramWorks = (again = run): void =>
  test("and the next program runs as if nothing had been", async () => {
    expect(returnOf(await again("export default 1 + 1;"))).toBe("2");
  });

describe("a program that does not end is ended, and what it printed is kept [bad-input 57]", () => {
  test.each([
    ["a loop", "for (;;) {}"],
    ["a loop that catches everything", "for (;;) { try { for (;;) {} } catch {} finally {} }"],
    ["jobs that make jobs", "const again = () => { Promise.resolve().then(again); }; again();"],
    ["a timer that repeats for ever", "setInterval(() => {}, 1_000);"],
    ["a pattern that backtracks for ever", "/(a+)+$/.test('a'.repeat(64) + 'b');"],
    ["native code that fills memory again and again", "const a = new Uint8Array(3e7); for (;;) a.fill(1);"],
    ["one native call that takes minutes", "new Array(1e9).join('abc');"],
    ["a text that is compared for ever", "const s = 'a'.repeat(2e6); for (;;) s.indexOf(s.slice(1) + 'b');"],
    ["a generator", "function* f() { for (;;) yield 1; } for (const _ of f()) {}"],
    ["a getter of the result", "export default { get then() { for (;;) {} } };"],
    [
      "a JSON of a million levels",
      "let a: unknown[] = []; for (let i = 0; i < 1e6; i++) a = [a]; JSON.stringify(a);",
    ],
  ])(
    "%s",
    async (_, code) => {
      const result = await runBriefly(`console.log("before");\n${code}`);
      expect(failureOf(result)).toMatch(/^CODE_TIMEOUT: it ran for longer than 0.5 seconds/);
      expect(result.output).toBe("before\n");
    },
    60_000,
  );

  nextProgramWorks(runBriefly);
});

describe("a program that wants all memory gets an error, and the next one its own memory [bad-input 58]", () => {
  test.each([
    ["lists without end", "const all: number[][] = []; for (;;) all.push(new Array(100_000).fill(0.5));"],
    ["a buffer of 2 GiB", "new ArrayBuffer(2 ** 31 - 1);"],
    ["a text of half a GiB", "'x'.repeat(2 ** 29);"],
    ["a map without end", "const m = new Map(); for (let i = 0; ; i++) m.set(i, 'v' + i);"],
    ["promises without end", "const all: unknown[] = []; for (;;) all.push(new Promise(() => {}));"],
  ])(
    "%s",
    async (_, code) => {
      expect(failureOf(await runBriefly(code))).toMatch(/^CODE_(MEMORY|TIMEOUT): /);
    },
    60_000,
  );

  test("10 GiB are no size for a buffer", async () => {
    expect(failureOf(await run("new Uint8Array(10 * 2 ** 30);"))).toMatch(/^CODE_(MEMORY|ERROR): /);
  });

  nextProgramWorks(runBriefly);
});

describe("what is nested too deeply is an error with a place, and harms nothing", () => {
  test.each([
    ["calls", "const f = (): number => f() + 1; f();"],
    ["a constructor", "class A { a = new A(); } new A();"],
    ["texts of texts", "const o = { toString: (): string => String(o) }; String(o);"],
    ["JSON that is read", "JSON.parse('['.repeat(1e6));"],
    ["source that is evaluated", "eval('('.repeat(1e5));"],
    ["a pattern", "new RegExp('(?:'.repeat(1e5) + ')'.repeat(1e5));"],
    [
      "proxies of proxies",
      "let p: object = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); Reflect.get(p, 'x');",
    ],
    ["lists in lists", "let a: unknown[] = []; for (let i = 0; i < 1e5; i++) a = [a]; String(a);"],
  ])("%s", async (_, code) => {
    expect(failureOf(await run(code))).toMatch(/^CODE_ERROR: (RangeError|SyntaxError|InternalError)/);
  });

  test("the program's own source", async () => {
    expect(failureOf(await run(`const x = ${"(".repeat(100_000)}1`))).toContain("nested too deeply");
  });

  test("a recursion that is only deep works: 5,000 calls", async () => {
    expect(
      returnOf(
        await run("const f = (n: number): number => n === 0 ? 0 : 1 + f(n - 1); export default f(5_000);"),
      ),
    ).toBe("5000");
  });

  nextProgramWorks();
});

test("there are no processes and no threads [bad-input 58]", async () => {
  for (const name of ["child_process", "node:child_process", "node:worker_threads", "cluster"]) {
    expect(failureOf(await run(`const { fork } = await import("${name}"); for (;;) fork("x");`))).toMatch(
      new RegExp(`^CODE_PROCESSES: src/main.ts imports "${name}"`),
    );
  }
  expect(
    returnOf(await run("export default [typeof Worker, typeof SharedArrayBuffer, typeof Atomics].join();")),
  ).toMatch(/^undefined,\w+,undefined$/);
});

describe("nothing of the host can be reached [bad-input 59]", () => {
  const NAMES = [
    "process",
    "require",
    "module",
    "Buffer",
    "fetch",
    "XMLHttpRequest",
    "WebSocket",
    "WebAssembly",
    "Deno",
    "Bun",
    "std",
    "os",
    "print",
    "__host",
    "importScripts",
    "navigator",
    "global",
  ];

  test("not by a name", async () => {
    expect(
      returnOf(
        await run(`export default ${JSON.stringify(NAMES)}.filter((name) => name in globalThis).join();`),
      ),
    ).toBe("");
  });

  test.each([
    ["an object's constructor", "({}).constructor.constructor"],
    ["a host function's constructor", "(console.log as any).constructor"],
    ["an async function's constructor", "(async () => {}).constructor"],
    ["a generator's constructor", "(function* () {}).constructor"],
    [
      "an error of the module loader",
      "await import('./nope.ts').catch((error) => error.constructor.constructor)",
    ],
    ["a module's namespace", "(await import('vitest')).test.constructor"],
    ["Reflect", "Reflect.construct(Function, ['return 1']).constructor"],
  ])("not by %s", async (_, fn) => {
    const code = `const make: any = ${fn}; const found = await make("return [typeof process, typeof require, typeof fetch, typeof globalThis.process].join()")();
      export default typeof found === "string" ? found : JSON.stringify(found);`;
    expect(returnOf(await run(code))).toMatch(/^(undefined,undefined,undefined,undefined|\{\})$/);
  });

  test.each([
    "node:fs",
    "fs",
    "node:fs/promises",
    "node:net",
    "node:http",
    "node:os",
    "node:vm",
    "node:module",
    "file:///proc/1/environ",
  ])("not by importing %s", async (name) => {
    expect(failureOf(await run(`const all = await import("${name}"); console.log(all);`))).toMatch(
      /^CODE_IMPORT: /,
    );
  });

  test("a stack tells no path of the host", async () => {
    const value = returnOf(
      await run(
        "let stack = ''; try { null.x; } catch (e) { stack = e.stack; } export default stack + import.meta.url;",
      ),
    );
    expect(value).not.toContain(import.meta.dirname.slice(0, 8));
    expect(value).not.toContain("node:");
    expect(value).not.toContain("node_modules");
  });
});

describe("a program that breaks what stands around it breaks only itself", () => {
  test.each([
    [
      "prototypes that lie",
      "Object.prototype.status = 'returned'; Array.prototype.map = () => { throw 1; }; Promise.prototype.then = () => {}; export default 1;",
    ],
    [
      "JSON that lies",
      'JSON.stringify = () => \'{"outcome":{"status":"returned","value":"forged"}}\'; throw new Error(\'real\');',
    ],
    [
      "texts that lie",
      "String.prototype.slice = () => 'y'.repeat(1e6); for (let n = 0; n < 100; n++) console.log('x');",
    ],
    [
      "globals that are gone",
      "for (const name of Object.getOwnPropertyNames(globalThis)) { try { delete globalThis[name]; } catch {} }",
    ],
    ["a thenable result", "export default { then(resolve) { resolve({ then(r) { r(1); } }); } };"],
    [
      "an error whose fields throw",
      "throw Object.defineProperty(new Error(), 'message', { get() { throw new Error('no'); } });",
    ],
    ["a symbol where a text is expected", "const e = new Error('x'); e.name = Symbol('s') as any; throw e;"],
    ["lone surrogates and zeros", "console.log('\\ud800 \\u0000 \\uffff'); export default '\\udfff';"],
  ])(
    "%s",
    async (_, code) => {
      const result = await run(code);
      expect(["returned", "failed"]).toContain(result.outcome.status);
      expect(JSON.stringify(result)).not.toContain("forged");
      expect(Buffer.byteLength(result.output)).toBeLessThanOrEqual(64 * 1024);
    },
    30_000,
  );

  nextProgramWorks();
});

test("a program that waits for what never comes is told so", async () => {
  expect(failureOf(await run("await new Promise(() => {});"))).toMatch(/^CODE_STUCK: /);
  const result = await run("test('never', () => new Promise(() => {})); test('after', () => {});");
  expect(failureOf(result)).toMatch(/^CODE_STUCK: /);
});

test("nothing is left for the next program: no global, no prototype, no module, no timer, no time [bad-input 60]", async () => {
  await runBriefly(`
    globalThis.left = 1; Object.prototype.left = 2; Date.now = () => 0; Math.random = () => 4;
    setInterval(() => { globalThis.late = 1; }, 1e9);
  `);
  const value = returnOf(
    await runBriefly(
      "export default [typeof left, typeof ({}).left, typeof late, Date.now() > 1e12, Math.random() < 1].join();",
    ),
  );
  expect(value).toBe("undefined,undefined,undefined,true,true");
});

test("two programs at once know nothing of each other [bad-input 60]", async () => {
  const program = (n: number) =>
    run(`globalThis.n ??= ${n}; await null; console.log(${n}); export default globalThis.n;`);
  const results = await Promise.all([1, 2, 3].map(program));
  expect(results.map(returnOf)).toEqual(["1", "2", "3"]);
  expect(results.map(({ output }) => output)).toEqual(["1\n", "2\n", "3\n"]);
});
