import { taskKey } from "../../../functions/shared/contracts/resources.ts";
import { must } from "../violation.ts";
import type { Books, StateWatch } from "./books.ts";
import { claimOf, type Ownerships } from "./ownership.ts";

/** Invariant 8: store before tell before acknowledge (P8), and whose message comes back (P13). */
export const lateAcknowledgements = (books: Books, ownerships: Ownerships): StateWatch => {
  /** By task: when its record last stopped being SCHEDULED. */
  const endedAt = new Map<string, number>();
  /** By process and task. */
  const toldBy = new Set<string>();
  const continued = new Set<string>();

  return {
    wrote({ key, before, after, now }) {
      const hasEnded = before?.["status"] === "SCHEDULED" && after["status"] !== "SCHEDULED";
      if (key.sk === "TASK" && hasEnded) endedAt.set(String(after["taskId"]), now);
    },
    sent({ process, message }) {
      if (typeof process.role === "string") return;
      if (message.kind === "work") {
        const ownership = ownerships.of(process, message.taskId);
        must(
          ownership?.hasReleased,
          8,
          () => `${process.id} continues ${message.taskId} while it is claimed`,
          "P13",
        );
        continued.add(`${process.id}|${message.taskId}`);
        return;
      }
      const taskId = `${message.executionId}.${message.task}`;
      const record = books.peek(taskKey(process.role.agent, taskId));
      const seen = books.lastRead(process, taskKey(process.role.agent, taskId))?.item;
      const hasEnded =
        record?.["status"] !== "SCHEDULED" ||
        (seen !== undefined && seen["status"] !== "SCHEDULED") ||
        (endedAt.get(taskId) ?? 0) >= process.startedAt;
      must(hasEnded, 8, () => `${process.id} tells of ${taskId} before its record says so`, "P8");
      toldBy.add(`${process.id}|${taskId}`);
    },
    judged(process, _queue, delivery, verdict) {
      if (typeof process.role === "string" || verdict !== "done") return;
      const { taskId } = JSON.parse(delivery.body) as { taskId: string };
      const who = `${process.id}|${taskId}`;
      const say = (what: string) => () =>
        `${process.id} acknowledges ${delivery.messageId} of ${taskId}, but ${what}`;
      const ownership = ownerships.of(process, taskId);
      const read = books.lastRead(process, taskKey(process.role.agent, taskId));
      const seenClaim = claimOf(read?.item);
      const wasRobbed =
        ownership !== undefined &&
        (read?.seq ?? 0) > ownership.seq &&
        seenClaim !== undefined &&
        seenClaim.owner !== ownership.owner;
      const hasHandedOn =
        (ownership?.hasStored && toldBy.has(who)) || (ownership?.hasReleased && continued.has(who));
      if (hasHandedOn === true) return;
      if (ownership !== undefined && !wasRobbed) {
        must(toldBy.has(who), 8, say("has neither ended nor handed it on"), "P8");
        return;
      }
      if (read?.item === undefined) return;
      if (read.item["status"] !== "SCHEDULED") {
        must(toldBy.has(who), 8, say("does not tell what it has seen"), "P8");
        return;
      }
      const claim = claimOf(read.item);
      must(claim !== undefined, 8, say("nobody works on it"), "P13");
      must(claim.messageId !== delivery.messageId, 8, say("it is the owner's own message"), "P13");
    },
  };
};
