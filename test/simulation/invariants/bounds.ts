import { HUMAN } from "../../../functions/shared/contracts/human.ts";
import { splitTaskId } from "../../../functions/shared/contracts/ids.ts";
import type { Item } from "../../../functions/shared/contracts/item.ts";
import { LIMITS } from "../../../functions/shared/contracts/limits.ts";
import { accountPartition, permitKey, stateKey } from "../../../functions/shared/contracts/resources.ts";
import { SECRET } from "../model-faults.ts";
import type { SimProcess } from "../sim-process.ts";
import { ACCOUNT } from "../team.ts";
import { must } from "../violation.ts";
import type { Books, StateWatch } from "./books.ts";

const HINT_FIELDS = new Set(["v", "kind", "executionId", "task", "agent"]);
const WORK_FIELDS = new Set(["v", "kind", "taskId"]);
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those that a queue refuses
const BAD_CHARACTERS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** Far more than any execution of these worlds has use for; a storm is beyond it within an hour. */
const LOOKS_MAX = 3_000;

/** Invariant 12: nothing exceeds its limit. */
export const bounds = (_books: Books, looks = new Map<string, number>()): StateWatch => ({
  delivered(_process, _queue, delivery) {
    const { executionId } = JSON.parse(delivery.body) as { executionId?: string };
    if (executionId === undefined) return;
    const count = (looks.get(executionId) ?? 0) + 1;
    looks.set(executionId, count);
    must(count <= LOOKS_MAX, 12, () => `${executionId} is looked at ${count} times`, "P9");
  },
  stateWrote({ executionId, after, isCommit }) {
    const { state, item, outbox } = after;
    const say = (what: string) => () => `${executionId}: ${what}`;
    const work = Object.values(outbox).filter(({ command }) => !command.type.startsWith("Stop")).length;
    must(work <= LIMITS.outboxMax, 12, say(`${work} commands in the outbox`));
    if (!isCommit) return;
    const bytes = String(item["body"]).length + String(item["events"]).length;
    must(bytes <= 2 * LIMITS.stateBytesMax, 12, say(`STATE has ${bytes} bytes`));
    const { limits } = state;
    must(state.eventCount <= limits.events, 12, say(`${state.eventCount} of ${limits.events} events`));
    const deepest = Math.max(
      0,
      ...state.tasks.filter(({ failure }) => failure?.name !== "DepthExceeded").map(({ depth }) => depth),
    );
    must(deepest <= limits.depth, 12, say(`a task is ${deepest} deep`));
    must(state.tasks.length <= 999, 12, say(`${state.tasks.length} tasks`));
  },
  wrote({ key, after, before }) {
    if (key.sk !== "TASK" || after["status"] === before?.["status"]) return;
    const bytes = JSON.stringify(after).length;
    must(bytes <= LIMITS.itemBytesMax, 12, () => `${key.pk} has ${bytes} bytes`);
  },
  sent({ message, body }) {
    must(
      Buffer.byteLength(body) <= LIMITS.messageBytesMax,
      12,
      () => `a message of ${body.length} characters`,
    );
    must(body.isWellFormed() && !BAD_CHARACTERS.test(body), 12, () => "a message with a bad character");
    const allowed = message.kind === "look" ? HINT_FIELDS : WORK_FIELDS;
    for (const field of Object.keys(message)) must(allowed.has(field), 12, () => `a message says "${field}"`);
  },
});

/** Invariant 13: nobody reaches what is not its own, and no secret is kept, sent or logged. */
export const isolation = (books: Books): StateWatch => {
  const tasks = new Map<SimProcess, Set<string>>();
  const hasSecret = (item: unknown): boolean => JSON.stringify(item).includes(SECRET);
  // Its texts are JSON already, and what is the same as before was looked at then.
  const stateHasSecret = (after: Item, before: Item | undefined): boolean =>
    hasSecret({ outbox: after["outbox"] ?? {} }) ||
    ["body", "events"].some((name) => after[name] !== before?.[name] && String(after[name]).includes(SECRET));
  return {
    delivered(process, _queue, delivery) {
      const { taskId } = JSON.parse(delivery.body) as { taskId?: string };
      const known = tasks.get(process) ?? new Set();
      tasks.set(process, known);
      if (taskId !== undefined) known.add(splitTaskId(taskId).executionId);
    },
    reached(process, { pk }, kind) {
      const say = () => `${process.id} reaches ${pk} (${kind})`;
      const isWrite = kind === "update" || kind === "create";
      const [family = "", id = ""] = pk.split("#");
      if (typeof process.role !== "string") {
        const isOwn =
          pk.startsWith(`TASK#${process.name}#`) ||
          pk === accountPartition(ACCOUNT) ||
          ((family === "PERMIT" || family === "FILES") && tasks.get(process)?.has(id) === true);
        must(isOwn && !(family === "PERMIT" && kind === "create"), 13, say);
        return;
      }
      switch (process.role) {
        case "coordinator":
          must(family === "EXE" || family === "TASK" || (family === "PERMIT" && kind !== "create"), 13, say);
          return;
        case "api":
          must(
            !isWrite ||
              family === "PERMIT" ||
              (family === "EXE" && kind === "create") ||
              (pk.startsWith(`TASK#${HUMAN}#`) && kind === "update"),
            13,
            say,
            "P1",
          );
          return;
        case "sweeper":
          must(kind === "due", 13, say);
      }
    },
    sent({ process, queue, message }) {
      const say = () => `${process.id} sends to ${queue}`;
      if (typeof process.role !== "string") must(queue === "events" || queue === process.name, 13, say);
      else must((process.role === "coordinator") === (queue !== "events"), 13, say);
      if (message.kind !== "look") return;
      const state = books.peek(stateKey(message.executionId));
      must(state !== undefined, 18, () => `a hint about ${message.executionId}, which does not exist`, "P2");
    },
    wrote({ key, after, before }) {
      if (key.sk === "STATE" && before === undefined) {
        const id = key.pk.slice("EXE#".length);
        must(books.peek(permitKey(id)) !== undefined, 18, () => `${id} exists before its permit`, "P2");
      }
      const isNewStatus = key.sk === "TASK" && after["status"] !== before?.["status"];
      const isLeak = key.sk === "STATE" ? stateHasSecret(after, before) : isNewStatus && hasSecret(after);
      must(!isLeak, 13, () => `${key.pk} holds a secret`);
    },
    logged(process, message, fields) {
      const line = JSON.stringify(fields);
      must(!line.includes(SECRET), 13, () => `${process.id} logs a secret: ${message}`);
    },
  };
};
