import { z } from "zod";
import { AgentName } from "./ids.ts";
import { LIMITS } from "./limits.ts";
import { BlobRef, Value } from "./value.ts";

export const HandoffMode = z.enum(["single", "parallel", "transfer"]);
export type HandoffMode = z.infer<typeof HandoffMode>;

/** What a failed branch means for its siblings. */
export const OnFailure = z.union([
  z.enum(["collect", "fail-fast"]),
  z.strictObject({ quorum: z.int().min(1).max(LIMITS.fanOutMax) }),
]);
export type OnFailure = z.infer<typeof OnFailure>;

/** The typed packet that a peer gets; never the requester's transcript. */
export const Packet = z.object({
  task: Value,
  context: Value.optional(),
  /** Workspace paths. */
  artifacts: z.array(z.string()).max(LIMITS.artifactsMax),
  /** To a person only: answers to choose from. Another one may be given. */
  options: z
    .array(z.string().max(LIMITS.questionOptionCharactersMax))
    .max(LIMITS.questionOptionsMax)
    .optional(),
  /** To a person only: the tool call that waits for approval, its arguments as the model gave them (JSON). */
  approval: z.object({ tool: z.string(), input: Value }).optional(),
});
export type Packet = z.infer<typeof Packet>;

/** One `handoff` tool call, or one question to a person, checked by the runner and stored in the requester's record. */
export const HandoffCall = z.object({
  /** The `tool_use` id that the join's result answers. */
  callId: z.string().min(1).max(200),
  mode: HandoffMode,
  to: z
    .array(z.object({ agent: AgentName, packet: Packet }))
    .min(1)
    .max(LIMITS.fanOutMax),
  onFailure: OnFailure,
  deadlineSeconds: z.int().min(1).max(LIMITS.deadlineSecondsMax).optional(),
});
export type HandoffCall = z.infer<typeof HandoffCall>;

/** What a person says to a call that waits for approval. */
export const Decision = z.enum(["approved", "rejected"]);
export type Decision = z.infer<typeof Decision>;

/** An agent's answer: inline, or a blob that the requester reaches as `handoffs/<taskId>.md`. */
export const Answer = z.union([
  /** `decision`: of a person only. A rejection's text is its reason. */
  z.object({ text: z.string(), decision: Decision.optional() }),
  z.object({ blob: BlobRef, preview: z.string().max(LIMITS.answerPreviewBytes) }),
]);
export type Answer = z.infer<typeof Answer>;

export const BranchStatus = z.enum(["succeeded", "failed", "timed_out", "aborted"]);
export type BranchStatus = z.infer<typeof BranchStatus>;

/** One entry of a join's result, in the declared order. */
export const BranchResult = z.object({
  agent: AgentName,
  taskId: z.string(),
  status: BranchStatus,
  answer: Answer.optional(),
  error: z.object({ name: z.string(), message: z.string() }).optional(),
});
export type BranchResult = z.infer<typeof BranchResult>;
