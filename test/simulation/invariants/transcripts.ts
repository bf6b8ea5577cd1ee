import { hash } from "node:crypto";
import type {
  ModelMessage,
  ToolResultBlock,
  ToolUseBlock,
} from "../../../functions/shared/contracts/model-message.ts";
import { isToolUse } from "../../../functions/shared/contracts/model-message.ts";
import { CUT_TEXT } from "../model-oddities.ts";
import { mayAnswer, planIdIn } from "../plan.ts";
import { isAskedForNotes, NOTED, textOfFirst } from "../said-steps.ts";
import { must } from "../violation.ts";
import type { ModelCallSeen } from "../watch.ts";
import type { Books, StateWatch } from "./books.ts";

interface Target {
  readonly agent: string;
  readonly task: string;
}

interface Entry {
  readonly agent: string;
  readonly status: string;
  readonly answer?: string;
}

/** `whole` once a turn has answered it: a call that died may have been given a notice that nobody stored. */
interface Said {
  readonly bare: string;
  readonly whole?: string;
}

const TEXT = "<budget-notice>.*?</budget-notice>";
/** As the end of a text, or as a block of its own. */
const NOTICE = new RegExp(`,\\{"type":"text","text":"${TEXT}"\\}|\\\\n\\\\n${TEXT}`);

const NOTES = /<notes>\n(.*?)\n<\/notes>/s;

const saidOf = (message: ModelMessage, isLast: boolean): Said => {
  const text = JSON.stringify(message);
  const bare = hash("md5", text.replace(NOTICE, ""));
  return isLast ? { bare } : { bare, whole: hash("md5", text) };
};

/**
 * Invariants 9 and 10 as the model sees them: what it was told once it is told again, byte for byte,
 * whoever works on the task and whatever was deployed (P14); each call has one result, in order; and
 * the answers of a handoff stand in the declared order.
 */
export const steadyTranscripts = (books: Books): StateWatch => {
  /** By task and opening: a conversation that is begun anew is another one. */
  const said = new Map<string, Said[]>();
  /** By task: the notes that a conversation began anew with, and when; and how often some were written. */
  const begun = new Map<string, Map<string, number>>();
  const notes = new Map<string, number>();
  const snapshots = new Map<string, string>();

  const checkPrefix = (seen: ModelCallSeen): void => {
    const { process, taskId, request } = seen;
    const last = request.messages.length - 1;
    const now = request.messages.map((message, index) => saidOf(message, index === last));
    // The word that asks for notes is said in this one call.
    if (isAskedForNotes(request.messages)) now.pop();
    const conversation = checkOpening(seen);
    const before = said.get(conversation) ?? [];
    now.forEach(({ bare, whole }, index) => {
      const known = before[index];
      must(
        known === undefined ||
          (bare === known.bare &&
            (whole === undefined || known.whole === undefined || whole === known.whole)),
        10,
        () => `${process.id} tells the model of ${taskId} another message ${index} than before`,
        "P14",
      );
    });
    said.set(
      conversation,
      now.map((message, index) => ({ ...before[index], ...message })).concat(before.slice(now.length)),
    );
    if (request.messages.length === 1) return;
    const snapshot = hash("md5", JSON.stringify([request.system, request.tools]));
    const known = snapshots.get(taskId) ?? snapshot;
    snapshots.set(taskId, snapshot);
    must(known === snapshot, 10, () => `${taskId} has another prompt or other tools than before`, "P14");
  };

  /** Names the conversation. It is begun anew with notes, such as the model has written, and for good. */
  const checkOpening = ({ process, taskId, request, now }: ModelCallSeen): string => {
    const text = textOfFirst(request.messages);
    const written = NOTES.exec(text)?.[1];
    const say = (what: string) => () => `${process.id} ${what} of ${taskId}`;
    const all = begun.get(taskId) ?? new Map<string, number>();
    begun.set(taskId, all);
    const opening = written ?? "";
    if (written !== undefined && !all.has(written)) {
      must(written.startsWith(NOTED), 10, say("takes something else for notes"), "P14");
      must(all.size < (notes.get(taskId) ?? 0), 10, say("goes on from notes that nobody wrote"), "P14");
      all.set(written, now);
    }
    const later = [...all].filter(([, at]) => at > (all.get(opening) ?? 0) && at < process.startedAt);
    must(later.length === 0, 10, say("goes back behind the notes"), "P14");
    return `${taskId}|${opening}`;
  };

  const checkResults = (
    taskId: string,
    uses: readonly ToolUseBlock[],
    next: ModelMessage | undefined,
  ): void => {
    const results = (next?.role === "user" && typeof next.content !== "string" ? next.content : []).filter(
      (block): block is ToolResultBlock => block.type === "tool_result",
    );
    must(
      results.length === uses.length,
      10,
      () => `${taskId}: ${uses.length} calls have ${results.length} results`,
    );
    uses.forEach((use, index) => {
      const result = results[index];
      must(result?.tool_use_id === use.id, 9, () => `${taskId}: results are not in the order of the calls`);
      if (use.name === "handoff" && result.is_error !== true) checkJoin(taskId, use, result.content);
    });
  };

  const checkJoin = (taskId: string, use: ToolUseBlock, content: string): void => {
    const targets = (use.input as { to: readonly Target[] }).to;
    const entries = JSON.parse(content) as readonly Entry[];
    must(
      entries.length === targets.length,
      9,
      () => `${taskId}: a join of ${targets.length} has ${entries.length}`,
    );
    targets.forEach(({ agent, task }, index) => {
      const entry = entries[index] as Entry;
      must(entry.agent === agent, 9, () => `${taskId}: the join is not in the declared order`);
      const id = planIdIn(task);
      if (id < 0 || entry.status !== "succeeded" || (entry.answer?.length ?? 0) < 24) return;
      const answered = Number(/^answer of plan (\d+)\./.exec(entry.answer ?? "")?.[1] ?? -1);
      must(
        mayAnswer(books.plans.get(id)).includes(answered) || entry.answer?.startsWith("wait") === true,
        9,
        () => `${taskId}: plan ${answered} answers for plan ${id}: ${entry.answer?.slice(0, 40)}`,
      );
    });
  };

  return {
    calledModel(seen) {
      checkPrefix(seen);
      const { messages } = seen.request;
      if (seen.outcome === "answered" && isAskedForNotes(messages)) {
        notes.set(seen.taskId, (notes.get(seen.taskId) ?? 0) + 1);
      }
      messages.forEach((message, index) => {
        if (message.role !== "assistant") return;
        const [first] = message.content;
        must(
          first !== undefined && (first as { text?: unknown }).text !== CUT_TEXT,
          10,
          () => `${seen.taskId}: a turn that ended an attempt is said again`,
          "P14",
        );
        checkResults(seen.taskId, message.content.filter(isToolUse), messages[index + 1]);
      });
    },
  };
};
