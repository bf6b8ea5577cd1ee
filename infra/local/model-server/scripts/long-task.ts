import { readFile, resultLines, writeFile } from "../calls.ts";
import { type Call, defineScript, type Turn, type TurnContext } from "../script.ts";

const NAMES = ["a", "b", "c", "d"];
/** 30 KB, which `read_file` still shows whole; a fourth of them in one turn finds no room. */
const LINES = 500;
const ROUNDS_MAX = 12;

const pathOf = (name: string): string => `data/${name}.txt`;

const contentOf = (name: string): string =>
  Array.from({ length: LINES }, (_, n) => `${`${name}, line ${n + 1}`.padEnd(59, ".")}\n`).join("");

const readFrom = (path: string, offset: number, limit?: number): Call => ({
  name: "read_file",
  input: { path, offset, ...(limit === undefined ? {} : { limit }) },
});

/** Where the result is that found no room in its turn. */
const storedIn = (context: TurnContext): string | undefined =>
  /in (tool-results\/\S+): /.exec(context.toolResultsOf(2)[3]?.content ?? "")?.[1];

const begin = (context: TurnContext): Turn => {
  const { turn } = context;
  if (turn === 1) return { calls: NAMES.map((name) => writeFile(pathOf(name), contentOf(name))) };
  if (turn === 2) return { calls: NAMES.map((name) => readFile(pathOf(name))) };
  if (turn > ROUNDS_MAX) return { text: "Nobody wanted notes of all that." };
  const stored = storedIn(context);
  const more = NAMES.slice(0, 3).map((name) => readFrom(pathOf(name), turn));
  return { calls: turn === 3 && stored !== undefined ? [readFrom(stored, 301, 2), ...more] : more };
};

const notes = (context: TurnContext): Turn => ({
  text: `Read in ${context.turn - 2} rounds. The result in ${storedIn(context)} says:\n${context.toolResultsOf(3)[0]?.content}`,
});

const goOn = (context: TurnContext): Turn =>
  context.turn === 1
    ? { calls: [readFrom(pathOf("d"), LINES)] }
    : { text: `My notes: ${context.notes}\nAfter them: ${resultLines(context.lastToolResults)}` };

/**
 * A task that outgrows its conversation: it reads until it is asked for notes, and goes on from them. On
 * its way a result is too large to be told, and is read by its lines.
 */
export const longTask = defineScript({
  name: "long-task",
  agents: {
    coder: (context) => {
      if (context.isAskedForNotes) return notes(context);
      return context.notes === undefined ? begin(context) : goOn(context);
    },
  },
});
