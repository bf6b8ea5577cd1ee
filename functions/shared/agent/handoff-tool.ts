import { z } from "zod";
import { HandoffMode } from "../contracts/handoff.ts";
import { LIMITS } from "../contracts/limits.ts";
import { type SuspendingTool, toolSchema } from "./tool.ts";

const DESCRIPTION = `Ask other agents to continue. You are suspended, at no cost, until they have answered; the result is a JSON array in the order of "to", one {agent, status, answer?, error?} each, where status is "succeeded", "failed", "timed_out" or "aborted". A large answer comes as a preview beside the path of the whole in your workspace.
Modes: "single" asks one agent; "parallel" asks several at the same time; "transfer" gives your task away: the answer of that agent becomes yours, and you are not asked again.
A peer sees only what you put into task, context and artifacts, and the shared workspace; it does not see this conversation. Say what you want back.`;

const handoffInput = (agent: z.ZodType<string>) =>
  z.strictObject({
    mode: HandoffMode,
    to: z
      .array(
        z.strictObject({
          agent,
          task: z.string().trim().min(1).describe("What to do and what to answer, complete in itself."),
          context: z
            .string()
            .optional()
            .describe("What the peer has to know and cannot read in the workspace."),
          artifacts: z
            .array(z.string())
            .max(LIMITS.artifactsMax)
            .optional()
            .describe("Workspace paths of existing files to look at."),
        }),
      )
      .min(1)
      .describe(`At most ${LIMITS.fanOutMax}; one for "single" and "transfer".`),
    onFailure: z
      .union([
        z.enum(["collect", "fail-fast"]),
        z.strictObject({ quorum: z.int().min(1).max(LIMITS.fanOutMax) }),
      ])
      .optional()
      .describe(
        '"collect" (default): failures stand beside the answers; "fail-fast": the first failure stops the others; {"quorum": n}: n answers are enough.',
      ),
    deadlineSeconds: z
      .int()
      .min(1)
      .max(LIMITS.deadlineSecondsMax)
      .optional()
      .describe("After that many seconds, missing answers count as timed out."),
  });

/** What a handoff call must look like; whether it may be carried out is judged beside it. */
export const HandoffInput = handoffInput(z.string());
export type HandoffInput = z.infer<typeof HandoffInput>;

const HANDOFF = "handoff";

/** The request that other agents continue. The coordinator acts on it, never the agent itself. */
export const handoff: SuspendingTool = {
  kind: "suspending",
  name: HANDOFF,
  reaches: ["untrusted"],
  schemaFor: (peers) =>
    toolSchema(
      HANDOFF,
      DESCRIPTION,
      handoffInput(z.enum(peers.map((peer) => peer.name) as [string, ...string[]])),
    ),
};
