import { z } from "zod";
import type { ExecutionId } from "../shared/contracts/ids.ts";
import { Hint } from "../shared/contracts/messages.ts";
import { parsedJson } from "../shared/kernel/parsed-json.ts";
import type { Log } from "../shared/ports/log.ts";
import type { Delivery, Verdict } from "../shared/ports/queues.ts";

export interface HintedExecution {
  readonly hints: readonly Hint[];
  readonly deliveries: readonly Delivery[];
}

/** Soon, so that a message nobody can read reaches the dead-letter queue while its sender is still known. */
const MALFORMED_RETURN_SECONDS = 1;

const Envelope = z.object({ v: z.unknown(), kind: z.unknown() });

/** The hints of one batch by execution; what is no hint gets its verdict here. */
export const readHints = (
  deliveries: readonly Delivery[],
  log: Log,
): { executions: Map<ExecutionId, HintedExecution>; verdicts: Map<string, Verdict> } => {
  const executions = new Map<ExecutionId, HintedExecution>();
  const verdicts = new Map<string, Verdict>();
  for (const delivery of deliveries) {
    const { messageId, receiveCount } = delivery;
    const read = readHint(delivery.body);
    if (read === "malformed") {
      log.error("message is not readable", { code: "MALFORMED_MESSAGE", messageId, receiveCount });
      verdicts.set(messageId, { returnAfterSeconds: MALFORMED_RETURN_SECONDS });
    } else if (read === "unknown") {
      log.warn("message of an unknown kind or version", { code: "UNKNOWN_MESSAGE", messageId });
      verdicts.set(messageId, "done");
    } else {
      const { hints = [], deliveries: earlier = [] } = executions.get(read.executionId) ?? {};
      executions.set(read.executionId, { hints: [...hints, read], deliveries: [...earlier, delivery] });
    }
  }
  return { executions, verdicts };
};

const readHint = (body: string): Hint | "malformed" | "unknown" => {
  const json = parsedJson(body);
  const hint = Hint.safeParse(json);
  if (hint.success) return hint.data;
  const envelope = Envelope.safeParse(json);
  const isOurs = !envelope.success || (envelope.data.v === 1 && envelope.data.kind === "look");
  return isOurs ? "malformed" : "unknown";
};
