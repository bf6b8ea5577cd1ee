import { add, complete, remove, type TaskList } from "./tasks.ts";

export interface Executed {
  readonly list: TaskList;
  /** What to print, without a line break at its end. */
  readonly output: string;
}

/** One line of the prompt. A mistake is answered with a sentence and leaves the list as it is. */
export const execute = (list: TaskList, line: string): Executed => {
  const [name = "", ...words] = line.trim().split(/\s+/);
  const command = COMMANDS.get(name);
  if (command === undefined) {
    return { list, output: `there is no command "${name}"; there are ${[...COMMANDS.keys()].join(", ")}` };
  }
  try {
    return command(list, words.join(" "));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { list, output: error.message };
  }
};

const COMMANDS: ReadonlyMap<string, (list: TaskList, rest: string) => Executed> = new Map([
  ["add", (list, rest) => shown(add(list, rest))],
  ["done", (list, rest) => shown(complete(list, numberOf(rest)))],
  ["remove", (list, rest) => shown(remove(list, numberOf(rest)))],
  ["list", (list) => shown(list)],
]);

const numberOf = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`"${text}" is no number of a task`);
  return Number(text);
};

const shown = (list: TaskList): Executed => ({
  list,
  output:
    list.tasks.map(({ id, text, isDone }) => `${isDone ? "✔" : " "} ${id} ${text}`).join("\n") ||
    "nothing to do",
});
