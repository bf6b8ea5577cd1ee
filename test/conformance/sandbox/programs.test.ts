import { describe, expect, test } from "vitest";
import { failureOf, openRunner, returnOf } from "./run.ts";

const run = openRunner(20_000);

describe("what comes of a program", () => {
  test("its default export, awaited, as console.log would show it", async () => {
    expect(returnOf(await run("export default 6 * 7;"))).toBe("42");
    expect(returnOf(await run("export default Promise.resolve('a text');"))).toBe("a text");
    expect(returnOf(await run("export const unseen = 1;"))).toBeUndefined();
  });

  test("what it prints, in order, whatever the method", async () => {
    const { output } = await run(
      "console.log('one', 1, { a: [1, { b: null }] }); console.error('two'); console.info('%s is %d', 'three', 3);",
    );
    expect(output).toBe("one 1 { a: [1, { b: null }] }\ntwo\nthree is 3\n");
  });

  test("values that refer to themselves, lie or throw when they are looked at end up as some text", async () => {
    const { output } = await run(`
      const ring: Record<string, unknown> = { name: "ring" };
      ring.self = ring;
      console.log(ring, new Map([["k", new Set([1])]]), -0, 1n, Symbol("s"), class A {}, () => 1);
      console.log({ get bad() { throw new Error("look away"); } });
      console.log(new Proxy({}, { ownKeys() { throw 1; }, getPrototypeOf() { throw 2; } }));
      console.log(Object.create(null), [,1], "x".repeat(200_000).length);
    `);
    expect(output).toContain(
      '{ name: "ring", self: [circular] } Map(1) { "k" => Set(1) {1} }'.replace("{1}", "{ 1 }"),
    );
    expect(output).toContain("-0 1n Symbol(s) [class A] [function (anonymous)]");
    expect(output.match(/\[a value that cannot be looked at\]/g)).toHaveLength(2);
  });

  test("a huge value is cut, not sent", async () => {
    const value = returnOf(
      await run("export default Array.from({ length: 1e5 }, (_, n) => 'x'.repeat(100) + n);"),
    );
    expect(value?.length).toBeLessThan(70_000);
    expect(returnOf(await run("export default 'y'.repeat(1e7);"))?.length).toBeLessThanOrEqual(32 * 1024);
  });
});

test("of 100 MiB of output the first 64 KiB are kept, and that there was more is said [bad-input 58]", async () => {
  const result = await run(
    "const line = 'é'.repeat(512); for (let n = 0; n < 100 * 1024; n++) console.log(line); export default 'done';",
  );
  expect(result.isOutputCut).toBe(true);
  expect(Buffer.byteLength(result.output)).toBeLessThanOrEqual(64 * 1024);
  expect(Buffer.byteLength(result.output)).toBeGreaterThan(63 * 1024);
  expect(returnOf(result)).toBe("done");
});

describe("errors", () => {
  test("say where, in the file as it was written, through types that are gone", async () => {
    const failure = failureOf(
      await run(
        'import { parse } from "./parse.ts";\ninterface Row {\n  a: number;\n}\nconst row: Row = parse("{");\n',
        {
          "src/parse.ts":
            "type Text = string;\n\nexport const parse = (text: Text): never => {\n  throw new TypeError('no: ' + text);\n};\n",
        },
      ),
    );
    expect(failure).toContain("CODE_ERROR: TypeError: no: {");
    expect(failure).toContain("at parse (src/parse.ts:4:");
    expect(failure).toContain("(src/main.ts:5:");
    expect(failure).not.toContain("guest:");
  });

  test("of syntax name the file and the line", async () => {
    expect(failureOf(await run("const a = 1;\nconst b = ;\n"))).toContain("at src/main.ts:2");
    expect(failureOf(await run('import "./b.js";', { "src/b.js": "let x = 1;\nlet y = ;" }))).toContain(
      "src/b.js:2",
    );
    expect(failureOf(await run("enum Colour { Red }"))).toContain("only types that can be erased");
  });

  test("that are no Error are told as well", async () => {
    expect(failureOf(await run("throw { code: 7 };"))).toBe("CODE_ERROR: thrown: { code: 7 }");
    expect(failureOf(await run("await Promise.reject(undefined);"))).toBe("CODE_ERROR: thrown: undefined");
  });

  test("of a timer end the program, too", async () => {
    expect(failureOf(await run("setTimeout(() => { throw new Error('late'); }, 5_000);"))).toContain(
      "Error: late",
    );
  });
});

describe("imports", () => {
  test("find files as TypeScript and bundlers do: with their ending, without, by .js, as a folder, as JSON", async () => {
    const value = returnOf(
      await run(
        `import a from "./a.ts"; import b from "./b"; import c from "./c.js"; import d from "../lib"; import e from "./e.json" with { type: "json" };
         const f = await import("./f.mjs"); export default [a, b, c, d, e.n, f.default].join();`,
        {
          "src/a.ts": "export default 1;",
          "src/b.ts": "export default 2 as number;",
          "src/c.ts": "export default 3;",
          "lib/index.ts": "export default 4;",
          "src/e.json": '{ "n": 5, "__proto__": { "x": 1 } }',
          "src/f.mjs": "export default 6;",
        },
      ),
    );
    expect(value).toBe("1,2,3,4,5,6");
  });

  test("of each other, in a circle, work as everywhere", async () => {
    const value = returnOf(
      await run('import { a } from "./a.ts"; export const b = () => "b"; export default a();', {
        "src/a.ts": 'import { b } from "./main.ts"; export const a = () => "a" + b();',
      }),
    );
    expect(value).toBe("ab");
  });

  test.each([
    "./nope.ts",
    "../../outside.ts",
    "/etc/passwd",
    "left-pad",
    "guest:main.mjs",
    "https://example.com/x.js",
  ])("of %s lead nowhere, and say what can be imported [bad-input 59]", async (specifier) => {
    expect(failureOf(await run(`import ${JSON.stringify(specifier)};`))).toContain(
      "CODE_IMPORT: src/main.ts imports",
    );
  });
});

describe("tests in a program", () => {
  test("run in order, fail alone, and are counted", async () => {
    const result = await run(`
      import { describe, expect, test, beforeEach } from "vitest";
      let n = 0;
      beforeEach(() => { n += 1; });
      describe("outer", () => {
        test("passes", () => expect(n).toBe(1));
        test("fails", async () => { await null; expect({ a: [1] }).toEqual({ a: [2] }); });
        describe("inner", () => { test("throws", () => { throw new RangeError("out"); }); });
      });
      test.skip("not now", () => { throw new Error("never"); });
      test.each([[1, 2, 3], [2, 2, 4]])("%d and %d are %d", (a, b, sum) => expect(a + b).toBe(sum));
    `);
    expect(result.tests).toEqual({ passed: 3, failed: 2 });
    expect(result.output).toContain("ok    outer > passes\nFAIL  outer > fails\n");
    expect(result.output).toContain(
      "expected { a: [1] } to equal { a: [2] }\n          at <anonymous> (src/main.ts:7:",
    );
    expect(result.output).toContain("FAIL  outer > inner > throws\n      RangeError: out");
    expect(result.output).toContain("skip  not now\nok    1 and 2 are 3\n");
  });

  test("may be written with node:test and node:assert, and only the chosen run", async () => {
    const result = await run(
      `
      import assert from "node:assert/strict";
      import { test, only } from "node:test";
      test("left out", () => assert.fail("ran"));
      test.only("chosen", async () => {
        assert.equal(1, 1);
        assert.deepEqual(new Map([[1, { a: 1 }]]), new Map([[1, { a: 1 }]]));
        assert.throws(() => { throw new TypeError("x"); }, TypeError);
        await assert.rejects(Promise.reject(new Error("gone wrong")), /wrong/);
        assert.notDeepEqual([1], ["1"]);
      });
    `.replace(", only", ""),
    );
    expect(result.output).toBe("skip  left out\nok    chosen\n");
    expect(result.tests).toEqual({ passed: 1, failed: 0 });
  });

  test("need no real time: the clock jumps to the next timer when nothing else is left to do", async () => {
    const result = await run(`
      test("an hour", async () => {
        const start = Date.now();
        await new Promise((resolve) => setTimeout(resolve, 3_600_000));
        expect(Date.now() - start).toBeGreaterThanOrEqual(3_600_000);
        expect(new Date().getTime() - start).toBeGreaterThanOrEqual(3_600_000);
        expect(new Date(0).getUTCFullYear()).toBe(1970);
        expect(new Date() instanceof Date).toBe(true);
      });
      test("timers in their order", async () => {
        const seen: number[] = [];
        const every = setInterval(() => seen.push(0), 10);
        setTimeout(() => seen.push(2), 25);
        setTimeout(() => seen.push(1), 5);
        await new Promise((resolve) => setTimeout(resolve, 35));
        clearInterval(every);
        expect(seen).toEqual([1, 0, 0, 2, 0]);
      });
    `);
    expect(result.tests, result.output).toEqual({ passed: 2, failed: 0 });
  });
});
