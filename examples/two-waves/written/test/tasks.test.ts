import { expect, test } from "vitest";
import { add, complete, EMPTY, remove } from "../src/tasks.ts";

test("tasks are numbered from 1 in the order in which they are added", () => {
  const list = add(add(EMPTY, "milk"), " bread ");
  expect(list.tasks).toEqual([
    { id: 1, text: "milk", isDone: false },
    { id: 2, text: "bread", isDone: false },
  ]);
});

test("a list is never changed, only followed by another", () => {
  const before = add(EMPTY, "milk");
  expect(complete(before, 1).tasks[0]?.isDone).toBe(true);
  expect(before.tasks[0]?.isDone).toBe(false);
});

test("completing twice changes nothing", () => {
  const done = complete(add(EMPTY, "milk"), 1);
  expect(complete(done, 1)).toEqual(done);
});

test("what is not there cannot be completed or removed", () => {
  expect(() => complete(EMPTY, 1)).toThrow("there is no task 1");
  expect(() => remove(EMPTY, 7)).toThrow("there is no task 7");
  expect(() => add(EMPTY, "  ")).toThrow(RangeError);
});
