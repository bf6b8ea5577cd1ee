import { HUMAN } from "../../../functions/shared/contracts/human.ts";
import { callKey, taskKey } from "../../../functions/shared/contracts/resources.ts";
import type { JoinedAnswers, Suspension } from "../../../functions/shared/contracts/task-record.ts";
import { APPROVED_ONLY } from "../team.ts";
import { must } from "../violation.ts";
import type { Books, StateWatch } from "./books.ts";

/**
 * Invariants 7, 8 and 14 where people are asked: a question is answered once, by the API; its answer
 * is told after it is stored; and what needs a person's leave is run after an approval of that call.
 */
export const approvedCalls = (books: Books): StateWatch => {
  const approved = new Set<string>();

  return {
    wrote({ key, before, after, process }) {
      if (key.sk !== "TASK") return;
      if (after["agent"] === HUMAN && before !== undefined) {
        const say = (what: string) => () => `${key.pk}, written by ${process.id}: ${what}`;
        must(process.role === "api", 7, say("it is a person's"), "P1");
        must(before["status"] === "SCHEDULED", 7, say(`it is ${before["status"]}`), "P1");
        must(after["status"] === "SUCCEEDED", 7, say("an answer may only end it"), "P1");
      }
      const answers = after["answers"] as JoinedAnswers | undefined;
      if (answers === undefined || before?.["answers"] === after["answers"]) return;
      const { turn } = after["suspension"] as unknown as Suspension;
      for (const { callId, branches } of answers.results) {
        const record = books.peek(taskKey(HUMAN, branches[0]?.taskId ?? ""));
        const answer = record?.["answer"] as { decision?: string } | undefined;
        if (answer?.decision === "approved") approved.add(`${after["taskId"]}|${turn}|${callId}`);
      }
    },
    sent({ process, message }) {
      if (process.role !== "api" || message.kind !== "look" || message.agent !== HUMAN) return;
      const record = books.peek(taskKey(HUMAN, `${message.executionId}.${message.task}`));
      must(
        record?.["status"] === "SUCCEEDED",
        8,
        () =>
          `${process.id} tells of the answer of ${message.executionId}.${message.task}, which is not stored`,
        "P8",
      );
    },
    ranTool({ process, tool, callId }) {
      if (tool !== APPROVED_ONLY) return;
      const [taskId = "", place = ""] = callId.split("/");
      const [turn = 0, index = 0] = place.split(".").map(Number);
      const call = books.peek(callKey(process.name, taskId, turn, index));
      must(
        call !== undefined && approved.has(`${taskId}|${turn}|${call["callId"]}`),
        14,
        () => `${tool} ${callId} is run although nobody has approved it`,
      );
    },
  };
};
