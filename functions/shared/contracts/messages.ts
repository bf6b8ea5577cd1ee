import { z } from "zod";
import { AgentName, ExecutionId, TaskId, TaskNumber } from "./ids.ts";

/** On the events queue: look at this execution. It carries no result and proves nothing. */
export const Hint = z.object({
  v: z.literal(1),
  kind: z.literal("look"),
  executionId: ExecutionId,
  /** The task whose record changed; absent means "at everything that is open". */
  task: TaskNumber.optional(),
  /** That task's agent: saves a read, because the record's key holds it. Believed only when STATE says the same. */
  agent: AgentName.optional(),
});
export type Hint = z.infer<typeof Hint>;

/** On an agent's queue: there is work in this task's record. */
export const Work = z.object({ v: z.literal(1), kind: z.literal("work"), taskId: TaskId });
export type Work = z.infer<typeof Work>;
