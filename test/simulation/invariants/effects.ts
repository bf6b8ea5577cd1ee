import { callKey } from "../../../functions/shared/contracts/resources.ts";
import { must } from "../violation.ts";
import type { WriteSeen } from "../watch.ts";
import type { Books, StateWatch } from "./books.ts";

/** Invariants 7 and 14, of tool calls: recorded before they run, written once (P6), external ones at most once. */
export const singleEffects = (books: Books): StateWatch => {
  const externalRuns = new Map<string, number>();

  const checkCall = ({ key, before, after }: WriteSeen): void => {
    if (before === undefined) return;
    must(before["status"] === "started", 7, () => `${key.pk} ${key.sk}: a stored result is changed`, "P6");
    must(after["status"] !== "started", 7, () => `${key.pk} ${key.sk}: a result without a status`, "P6");
    must(before["tool"] === after["tool"], 7, () => `${key.pk} ${key.sk}: another tool's result`, "P6");
  };

  return {
    wrote(seen) {
      if (seen.key.sk.startsWith("CALL#")) checkCall(seen);
    },
    ranTool({ process, tool, effect, callId }) {
      const [taskId = "", place = ""] = callId.split("/");
      const [turn = 0, index = 0] = place.split(".").map(Number);
      const agent = process.name;
      const call = books.peek(callKey(agent, taskId, turn, index));
      must(call !== undefined, 14, () => `${tool} ${callId} runs before it is recorded`, "P6");
      const seen = books.lastRead(process, callKey(agent, taskId, turn, index))?.item;
      must(
        seen === undefined || seen["status"] === "started",
        14,
        () => `${tool} ${callId} runs although its result was seen`,
        "P6",
      );
      if (effect !== "external") return;
      const runs = (externalRuns.get(callId) ?? 0) + 1;
      externalRuns.set(callId, runs);
      must(runs <= 1, 14, () => `${tool} ${callId} has its effect ${runs} times`, "P6");
    },
  };
};
