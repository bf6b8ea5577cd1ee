import type { HandoffCall } from "../contracts/handoff.ts";
import type { ExecutionId } from "../contracts/ids.ts";
import type { Value } from "../contracts/value.ts";
import type { Blobs } from "../ports/blobs.ts";
import type { HandoffInput } from "./handoff-tool.ts";
import { toValue } from "./stored-value.ts";

const KiB = 1024;
/** All texts of one suspension, inline: half of what the record may hold, which holds its own request too. */
const INLINE_BYTES = 32 * KiB;
const INLINE_BYTES_EACH = 8 * KiB;
const PREVIEW_BYTES = 16 * KiB;

/** Handoff calls as the requester's record holds them: every text has its share of the record, larger ones become blobs. */
export const packHandoffs = async (
  blobs: Blobs,
  executionId: ExecutionId,
  handoffs: readonly { readonly callId: string; readonly input: HandoffInput }[],
): Promise<HandoffCall[]> => {
  const texts = handoffs
    .flatMap(({ input }) => input.to)
    .reduce((n, { context }) => n + (context === undefined ? 1 : 2), 0);
  const inlineBytesMax = Math.min(INLINE_BYTES_EACH, Math.floor(INLINE_BYTES / texts));
  const previewBytesMax = Math.min(256, Math.floor(PREVIEW_BYTES / texts));
  const pack = (text: string): Promise<Value> =>
    toValue(blobs, executionId, text, { inlineBytesMax, previewBytesMax });

  const packBranch = async ({ agent, task, context, artifacts = [] }: HandoffInput["to"][number]) => {
    const [packedTask, packedContext] = await Promise.all([
      pack(task),
      context === undefined ? undefined : pack(context),
    ]);
    const packet = {
      task: packedTask,
      artifacts,
      ...(packedContext === undefined ? {} : { context: packedContext }),
    };
    return { agent, packet };
  };

  return Promise.all(
    handoffs.map(async ({ callId, input }) => ({
      callId,
      mode: input.mode,
      to: await Promise.all(input.to.map(packBranch)),
      onFailure: input.onFailure ?? "collect",
      ...(input.deadlineSeconds === undefined ? {} : { deadlineSeconds: input.deadlineSeconds }),
    })),
  );
};
