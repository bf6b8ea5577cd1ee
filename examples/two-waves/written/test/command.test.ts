import { expect, test } from "vitest";
import { execute } from "../src/command.ts";
import { EMPTY } from "../src/tasks.ts";

/** What is printed last when these lines are typed one after the other. */
const lastOutput = (...lines: string[]): string =>
  lines.reduce((state, line) => execute(state.list, line), { list: EMPTY, output: "" }).output;

test("tasks are added, completed and listed", () => {
  expect(lastOutput("add milk", "add  brown bread", "done 1")).toBe("✔ 1 milk\n  2 brown bread");
  expect(lastOutput("list")).toBe("nothing to do");
});

test("a number is never given twice, also after the newest task was removed", () => {
  expect(lastOutput("add milk", "add bread", "remove 2", "add eggs")).toBe("  1 milk\n  3 eggs");
});

test.each([
  ["dnoe 1", 'there is no command "dnoe"; there are add, done, remove, list'],
  ["done", '"" is no number of a task'],
  ["done 1e3", '"1e3" is no number of a task'],
  ["remove 9", "there is no task 9"],
  ["add", "a task needs a text"],
])("%s is answered with a sentence, and the list stays", (line, sentence) => {
  const { list } = execute(EMPTY, "add milk");
  expect(execute(list, line)).toEqual({ list, output: sentence });
});
