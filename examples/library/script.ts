import {
  answerOf,
  editFile,
  handoff,
  quoted,
  readFile,
  runCode,
  testVerdict,
  writerOf,
} from "../../infra/local/model-server/calls.ts";
import { defineScript, type TurnContext } from "../../infra/local/model-server/script.ts";

const SOURCE = "src/duration.ts";
const TESTS = "test/duration.test.ts";

/** The coder's first version. */
const write = writerOf(import.meta.url);

/** Found by running the tests: `m` is tried before `ms`, so that 500ms are 500 minutes. */
const ORDER_OF_UNITS = editFile(SOURCE, "(d|h|m|s|ms)", "(ms|d|h|m|s)");

/** What the critic found, as tests. */
const REGRESSION_TESTS = editFile(
  TESTS,
  'test("the shortest text is chosen"',
  `test.each(["1h 30", "5 apples 3s", "-5s", "1h,30m"])("%s is refused, not read in part", (text) => {
  expect(() => parseDuration(text)).toThrow(RangeError);
});

test("fractions end in whole milliseconds", () => {
  expect(parseDuration("1.005s")).toBe(1_005);
});

test("the shortest text is chosen"`,
);

const REPAIRS = [
  editFile(
    SOURCE,
    "(ms|d|h|m|s)/g;",
    "(ms|d|h|m|s)/g;\nconst WHOLE = /^\\s*(?:\\d+(?:\\.\\d+)?\\s*(?:ms|d|h|m|s)\\s*)+$/;",
  ),
  editFile(
    SOURCE,
    "  const parts = [...text.matchAll(PART)];\n  if (parts.length === 0) throw",
    "  if (!WHOLE.test(text)) throw",
  ),
  editFile(
    SOURCE,
    "  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS[unit as keyof typeof UNITS], 0);",
    `  const sizes = [...text.matchAll(PART)].map(
    ([, amount, unit]) => Number(amount) * UNITS[unit as keyof typeof UNITS],
  );
  return Math.round(sizes.reduce((sum, ms) => sum + ms, 0));`,
  ),
];

const FINDINGS = `**Go after changes.** Two defects, both in \`parseDuration\`.

1. **What**: \`text.matchAll(PART)\` takes what fits and passes over the rest. **When**: \`parseDuration("1h 30")\`
   gives 3600000, \`"5 apples 3s"\` gives 3000, \`"-5s"\` gives 5000. **Harm**: a timeout that somebody mistyped
   is silently another one. **Change**: test the whole text before it is taken apart. **Sure**: certain.
2. **What**: amounts are multiplied as they are. **When**: \`parseDuration("1.005s")\` gives 1004.9999999999999,
   which \`formatDuration\` then refuses. **Harm**: a text that was accepted cannot be shown. **Change**: round
   the sum. **Sure**: certain.

In \`formatDuration\` I looked for the same with 0, a value of every unit and the largest safe number: it holds.`;

/**
 * Coder writes the library and its tests, finds the first defect by running them, and the other two
 * by asking the Critic; each time the tests fail before the repair and pass after it.
 */
export const library = defineScript({
  name: "library",
  agents: {
    coder: [
      {
        text: "One module of two functions, and tests that take its words at face value.",
        calls: [write(SOURCE), write(TESTS)],
        latencyMs: 800,
      },
      { text: "Do they pass?", calls: [runCode({ path: TESTS })], latencyMs: 300 },
      ({ lastToolResults }) => ({
        text: `${testVerdict(lastToolResults)}: 500ms were read as minutes. The longer unit has to be tried first.`,
        calls: [ORDER_OF_UNITS, runCode({ path: TESTS })],
        latencyMs: 600,
      }),
      ({ marker, lastToolResults }) => ({
        text: `${testVerdict(lastToolResults)}. My own tests try what I thought of; now somebody else.`,
        calls: [
          handoff("single", [
            {
              agent: "critic",
              task: `Find inputs that break parseDuration or formatDuration: what is accepted and should not be, what is refused and should not be, what comes back as another number. Give each with the value that it yields and the smallest change. ${marker}`,
              context: `The tests ran: ${testVerdict(lastToolResults)}.`,
              artifacts: [SOURCE, TESTS],
            },
          ]),
        ],
        latencyMs: 600,
      }),
      {
        text: "Both are real. First the tests that show them.",
        calls: [REGRESSION_TESTS, runCode({ path: TESTS })],
        latencyMs: 700,
      },
      ({ lastToolResults }) => ({
        text: `${testVerdict(lastToolResults)}, as it should be. Now the repairs.`,
        calls: [...REPAIRS, runCode({ path: TESTS })],
        latencyMs: 800,
      }),
      (context) => ({ text: finalAnswer(context), latencyMs: 700 }),
    ],
    critic: [
      {
        text: "I'll read the code against the request, then look for what the tests do not try.",
        calls: [readFile(SOURCE), readFile(TESTS)],
        latencyMs: 500,
      },
      { text: FINDINGS, latencyMs: 900 },
    ],
  },
});

const finalAnswer = (context: TurnContext): string => {
  const runs = [2, 3, 5, 6].map((turn) => testVerdict(context.toolResultsOf(turn)));
  return `\`${SOURCE}\` parses and prints durations, and \`${TESTS}\` holds it to that. The last run: ${runs.at(-1)}.

**On the way:** the first run found that \`500ms\` was read as minutes (${runs[0]}, then ${runs[1]}). The
Critic found two more, each of which failed a new test first (${runs[2]}):

${quoted(answerOf(context, "critic"))}

Both are repaired in \`parseDuration\`. **Use:** \`parseDuration("1h 30m")\` is 5400000, \`formatDuration(5400000)\`
is \`1h 30m\`. **Open:** months and years are no units, for they have no fixed length.`;
};
