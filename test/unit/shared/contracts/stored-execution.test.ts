import { expect, test } from "vitest";
import { initialState } from "../../../../functions/shared/contracts/execution-state.ts";
import { DEFAULT_EXECUTION_LIMITS } from "../../../../functions/shared/contracts/limits.ts";
import {
  compareEntryIds,
  decodeState,
  newStateItem,
  outboxEntryId,
} from "../../../../functions/shared/contracts/stored-execution.ts";

const item = newStateItem(
  initialState({
    executionId: "01HZZZZZZZZZZZZZZZZZZZZZZZ",
    tenant: "default",
    createdAt: 1,
    expiresAt: 2,
    agent: "coder",
    input: { inline: "x" },
    limits: DEFAULT_EXECUTION_LIMITS,
  }),
  1,
);

const entry = (id: string) => ({ id, at: 1, command: { type: "SendWork", task: 1 } });

test("the outbox comes back in the order of its commits, then of the commands, as numbers", () => {
  const ids = [outboxEntryId(10, 0), outboxEntryId(9, 10), outboxEntryId(9, 2), outboxEntryId(2, 11)];
  const decoded = decodeState({ ...item, outbox: Object.fromEntries(ids.map((id) => [id, entry(id)])) });
  expect(decoded.ok && decoded.stored.outbox.map(({ id }) => id)).toEqual(["2.11", "9.2", "9.10", "10.0"]);
});

test("entry ids are compared by version before index", () => {
  expect(Math.sign(compareEntryIds("2.9", "3.1"))).toBe(-1);
  expect(Math.sign(compareEntryIds("3.1", "2.9"))).toBe(1);
  expect(Math.sign(compareEntryIds("3.2", "3.10"))).toBe(-1);
  expect(compareEntryIds("3.2", "3.2")).toBe(0);
});

test("what is wrong with an item is said in at most 300 characters", () => {
  const decoded = decodeState({ ...item, body: JSON.stringify({ schema: "x".repeat(500) }), outbox: 7 });
  expect(decoded.ok).toBe(false);
  expect(decoded.ok ? "" : decoded.reason).not.toBe("");
  expect(decoded.ok ? 0 : decoded.reason.length).toBeLessThanOrEqual(300);
});

test("an item that never counted its throws has none", () => {
  const { throws: _throws, ...older } = item;
  expect(decodeState(older as typeof item)).toMatchObject({ ok: true, stored: { throws: 0 } });
});
