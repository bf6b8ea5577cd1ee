import { editFile, resultLines, runCode, writeFile } from "../calls.ts";
import { defineScript } from "../script.ts";

const SUM = `export const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, next) => total - next, 0);
`;

const SUM_TEST = `import { sum } from "../src/sum.ts";

test("nothing adds up to nothing", () => {
  expect(sum([])).toBe(0);
});

test("one and two are three", () => {
  expect(sum([1, 2])).toBe(3);
});
`;

/** What no program may do or see; each says how far it got. */
const ATTACKS = [
  "console.log('before'); while (true) {}",
  "const hoard: number[][] = []; for (;;) hoard.push(new Array(100_000).fill(1.5));",
  "import { spawn } from 'node:child_process'; spawn('sh');",
  "import { readFileSync } from 'node:fs'; console.log(readFileSync('/proc/1/environ', 'utf8'));",
  "const found = ({}).constructor.constructor('return [typeof process, typeof require, typeof fetch].join()')(); export default found;",
  "const line = 'x'.repeat(1024); for (let n = 0; n < 100 * 1024; n++) console.log(line);",
];

/**
 * Tests that fail, a correction, tests that pass. With `attacks`, programs that must not get far as well;
 * with `endless`, one before them that whoever tests this can kill the sandbox in.
 */
export const runCodeScript = defineScript({
  name: "run-code",
  agents: {
    coder: (context) => {
      switch (context.turn) {
        case 1:
          return {
            calls: [
              ...("endless" in context.settings ? [runCode({ code: "for (;;) {}" })] : []),
              writeFile("src/sum.ts", SUM),
              writeFile("test/sum.test.ts", SUM_TEST),
              runCode({ path: "test/sum.test.ts" }),
            ],
          };
        case 2:
          return {
            calls: [
              editFile("src/sum.ts", "total - next", "total + next"),
              runCode({ path: "test/sum.test.ts" }),
            ],
          };
        case 3:
          if ("attacks" in context.settings) return { calls: ATTACKS.map((code) => runCode({ code })) };
          break;
        default:
      }
      const turns = Array.from({ length: context.turn - 1 }, (_, at) => at + 1);
      const results = turns.flatMap((turn) => context.toolResultsOf(turn));
      return { text: resultLines(results.map((one) => ({ ...one, content: shortened(one.content) }))) };
    },
  },
});

const SHOWN_CHARACTERS = 600;

const shortened = (text: string): string =>
  text.length <= 2 * SHOWN_CHARACTERS
    ? text
    : `${text.slice(0, SHOWN_CHARACTERS)}…${text.slice(-SHOWN_CHARACTERS)}`;
