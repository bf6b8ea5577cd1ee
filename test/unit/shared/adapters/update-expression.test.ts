import { expect, test } from "vitest";
import { compileChange } from "../../../../functions/shared/adapters/update-expression.ts";

test("a commit becomes one conditional expression in which every name is an alias", () => {
  expect(
    compileChange({
      set: [
        [["status"], "RUNNING"],
        [["outbox", "2.0"], { at: 1, none: undefined } as never],
      ],
      add: [[["version"], 1]],
      remove: [["claim"], ["outbox", "1.0"]],
      when: [{ path: ["version"], is: "equal", value: 1 }],
    }),
  ).toEqual({
    UpdateExpression: "SET #2 = :1, #3.#4 = :2, #1 = if_not_exists(#1, :3) + :4 REMOVE #5, #3.#6",
    ConditionExpression: "attribute_exists(#0) AND #1 = :0",
    ExpressionAttributeNames: {
      "#0": "pk",
      "#1": "version",
      "#2": "status",
      "#3": "outbox",
      "#4": "2.0",
      "#5": "claim",
      "#6": "1.0",
    },
    ExpressionAttributeValues: {
      ":0": { N: "1" },
      ":1": { S: "RUNNING" },
      ":2": { M: { at: { N: "1" } } },
      ":3": { N: "0" },
      ":4": { N: "1" },
    },
  });
});

test("each kind of condition has its expression", () => {
  const { ConditionExpression, UpdateExpression } = compileChange({
    when: [
      { path: ["a"], is: "present" },
      { path: ["b"], is: "missing" },
      { path: ["c"], is: "equal", value: "x" },
      { path: ["d"], is: "atMost", value: 1 },
      { path: ["e", "1"], is: "missingOrAtMost", value: 2 },
    ],
  });
  expect(UpdateExpression).toBeUndefined();
  expect(ConditionExpression.split(" AND ")).toEqual([
    "attribute_exists(#0)",
    "attribute_exists(#1)",
    "attribute_not_exists(#2)",
    "#3 = :0",
    "#4 <= :1",
    "(attribute_not_exists(#5.#6) OR #5.#6 <= :2)",
  ]);
});

test("a lone surrogate becomes U+FFFD, in keys of maps too: DynamoDB keeps UTF-8 [bad-input 12]", () => {
  const { ExpressionAttributeValues } = compileChange({
    set: [[["a"], ["\uD800", { b: "\uDC00" }]]],
    when: [],
  });
  expect(ExpressionAttributeValues).toEqual({
    ":0": { L: [{ S: "\uFFFD" }, { M: { b: { S: "\uFFFD" } } }] },
  });
});
