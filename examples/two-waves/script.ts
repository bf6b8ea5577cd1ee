import {
  answerOf,
  editFile,
  handoff,
  readFile,
  runCode,
  testVerdict,
  writeFile,
  writerOf,
} from "../../infra/local/model-server/calls.ts";
import { defineScript, type TurnContext } from "../../infra/local/model-server/script.ts";

const TASKS = "src/tasks.ts";
const TASKS_TEST = "test/tasks.test.ts";
const COMMAND = "src/command.ts";
const COMMAND_TEST = "test/command.test.ts";

/** What the coder writes. */
const write = writerOf(import.meta.url);

/** The critic's finding on the first wave: numbers count the tasks, so that a removed one's number comes back. */
const REPAIRS = [
  editFile(
    TASKS,
    "export interface TaskList {\n",
    "export interface TaskList {\n  /** The number of the next task; it only grows. */\n  readonly nextId: number;\n",
  ),
  editFile(TASKS, "{ tasks: [] }", "{ nextId: 1, tasks: [] }"),
  editFile(
    TASKS,
    "  return { ...list, tasks: [...list.tasks, { id: list.tasks.length + 1, text: trimmed, isDone: false }] };",
    "  const task = { id: list.nextId, text: trimmed, isDone: false };\n  return { nextId: list.nextId + 1, tasks: [...list.tasks, task] };",
  ),
];
const REGRESSION_TEST = editFile(
  TASKS_TEST,
  'test("completing twice changes nothing"',
  `test("a removed task's number is not given again", () => {
  const list = add(remove(add(add(EMPTY, "milk"), "bread"), 2), "eggs");
  expect(list.tasks.map(({ id }) => id)).toEqual([1, 3]);
});

test("completing twice changes nothing"`,
);

const PLAN = `**Goal**: a to-do list whose rules can be tested without a terminal.

**Decisions**: lists are values and every operation gives a new one, so that undo and tests cost nothing; not
chosen: a class, which would be shorter now and need copies later. Mistakes are RangeErrors in the first module
and sentences in the second, so that only one place knows that there is a person.

**Steps**
1. \`${TASKS}\` and its tests: add, complete, remove. Done when they pass and no operation changes its argument.
2. A look at it by others, before anything stands on it.
3. \`${COMMAND}\` and its tests: the four lines, and a sentence for each mistake. Done when no line throws.

**Not now**: files, dates, colours.`;

/** Coder has it planned, builds a wave, has it judged from two sides, repairs it, and builds the other. */
export const twoWaves = defineScript({
  name: "two-waves",
  agents: {
    coder: [
      ({ marker }) => ({
        text: "Two modules, one upon the other: the order is clear, the rules between them are not. First a plan.",
        calls: [
          handoff("single", [
            {
              agent: "planner",
              task: `Plan a to-do list for the command line in two waves: first an immutable list of tasks (add, complete, remove), then the lines "add TEXT", "done N", "remove N" and "list" upon it. TypeScript, no dependencies, tests with each wave. Have the plan checked by the Critic before you answer. ${marker}`,
            },
          ]),
        ],
        latencyMs: 500,
      }),
      (context) => ({
        text: "The plan stands. The first wave.",
        calls: [
          writeFile("PLAN.md", `${answerOf(context, "planner")}\n`, 0),
          write(TASKS),
          write(TASKS_TEST),
          runCode({ path: TASKS_TEST }),
        ],
        latencyMs: 800,
      }),
      ({ marker, lastToolResults }) => ({
        text: `${testVerdict(lastToolResults)}. Before anything stands on it, two looks at the same time.`,
        calls: [
          handoff("parallel", [
            {
              agent: "critic",
              task: `What is wrong with the first wave of PLAN.md? Defects in ${TASKS} that the second wave would build upon, each with a case that shows it. [after wave 1] ${marker}`,
              context: `The tests ran: ${testVerdict(lastToolResults)}.`,
              artifacts: ["PLAN.md", TASKS, TASKS_TEST],
            },
            {
              agent: "planner",
              task: `The first wave of PLAN.md is built. What does it change about the second? [after wave 1] ${marker}`,
              artifacts: ["PLAN.md", TASKS],
            },
          ]),
        ],
        latencyMs: 600,
      }),
      {
        text: "The Critic is right about the numbers: people type them. The repair, with a test; then the second wave.",
        calls: [REGRESSION_TEST, ...REPAIRS, runCode({ path: TASKS_TEST })],
        latencyMs: 700,
      },
      {
        calls: [write(COMMAND), write(COMMAND_TEST), runCode({ path: COMMAND_TEST })],
        latencyMs: 800,
      },
      (context) => ({ text: finalAnswer(context), latencyMs: 600 }),
    ],
    planner: (context) => {
      if (isAfterWave1(context))
        return context.turn === 1 ? { calls: [readFile(TASKS)], latencyMs: 400 } : CHANGES;
      if (context.turn > 1) return { text: planWith(context), latencyMs: 600 };
      return {
        text: "The plan stands or falls with one question: who keeps the numbers. That is a risk, so the Critic's.",
        calls: [
          handoff("single", [
            {
              agent: "critic",
              task: `Is this plan wrong anywhere that would be dear to change after the first wave? One precise answer.\n\n${PLAN}\n\n${context.marker}`,
            },
          ]),
        ],
        latencyMs: 700,
      };
    },
    critic: (context) => {
      if (!isAfterWave1(context)) return { text: ON_THE_PLAN, latencyMs: 700 };
      return context.turn === 1
        ? { calls: [readFile(TASKS), readFile(TASKS_TEST)], latencyMs: 400 }
        : { text: ON_WAVE_1, latencyMs: 800 };
    },
  },
});

const isAfterWave1 = ({ firstUserText }: TurnContext): boolean => firstUserText.includes("[after wave 1]");

const ON_THE_PLAN =
  "**Go after one change.** People type a task's number, so a number must mean the same task for as long as the list lives. The plan does not say so, and counting the tasks would be the obvious way to get it wrong. Write it into step 1.";

const ON_WAVE_1 = `**Go after changes.** **What**: \`add\` numbers by \`list.tasks.length + 1\`. **When**: add milk, add bread,
remove 1, add eggs: bread and eggs are both 2, and \`complete(list, 2)\` completes both. **Harm**: the wrong task is done or
removed. **Change**: keep the next number in the list; it only grows. **Sure**: certain; the tests never add
after a removal. The plan asked for it.`;

const CHANGES = {
  text: "Nothing in the order. `complete` and `remove` throw RangeErrors with sentences that people can read, so that wave 2 prints them as they are; and since lists are values, a failed line simply keeps the old one.",
  latencyMs: 700,
};

const planWith = (context: TurnContext): string =>
  `${PLAN}\n\n**Checked by the Critic**, and therefore part of step 1: ${answerOf(context, "critic")}`;

const finalAnswer = (context: TurnContext): string => {
  const [first, repaired, second] = [2, 4, 5].map((turn) => testVerdict(context.toolResultsOf(turn)));
  return `Both waves are built, by the plan in \`PLAN.md\`.

- **Wave 1**, \`${TASKS}\`: ${first}; after the repair ${repaired}. The Critic found that a removed task's number was
  given again; the list now keeps the next number.
- **Wave 2**, \`${COMMAND}\`: ${second}. As the Planner advised, it prints the first wave's sentences as they are.

**Use:** \`execute(EMPTY, "add milk")\` gives \`{ list, output }\`. **Open:** nothing is kept in a file yet.`;
};
