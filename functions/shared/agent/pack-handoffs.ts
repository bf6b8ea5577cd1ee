import type { HandoffCall, Packet } from "../contracts/handoff.ts";
import type { AgentName, ExecutionId } from "../contracts/ids.ts";
import { LIMITS } from "../contracts/limits.ts";
import type { Value } from "../contracts/value.ts";
import type { Blobs } from "../ports/blobs.ts";
import { toValue } from "./stored-value.ts";

const KiB = 1024;
/** All texts of one suspension, inline: half of what the record may hold, which holds its own request too. */
const INLINE_BYTES = LIMITS.taskInlineBytesMax / 2;
const INLINE_BYTES_EACH = 8 * KiB;
const PREVIEW_BYTES = 16 * KiB;

/** A call that others must answer, its texts still whole. */
export type OpenCall = Pick<HandoffCall, "callId" | "mode"> & {
  readonly to: readonly OpenBranch[];
  readonly onFailure?: HandoffCall["onFailure"] | undefined;
  readonly deadlineSeconds?: number | undefined;
};

interface OpenBranch {
  readonly agent: AgentName;
  readonly task: string;
  readonly context?: string | undefined;
  readonly artifacts?: readonly string[] | undefined;
  readonly options?: readonly string[] | undefined;
  readonly approval?: { readonly tool: string; readonly input: string } | undefined;
}

/** Open calls as the requester's record holds them: every text has its share of the record, larger ones become blobs. */
export const packHandoffs = async (
  blobs: Blobs,
  executionId: ExecutionId,
  calls: readonly OpenCall[],
): Promise<HandoffCall[]> => {
  const texts = calls
    .flatMap(({ to }) => to)
    .flatMap(({ task, context, approval }) => [task, context, approval].filter(isGiven)).length;
  const inlineBytesMax = Math.min(INLINE_BYTES_EACH, Math.floor(INLINE_BYTES / texts));
  const previewBytesMax = Math.min(256, Math.floor(PREVIEW_BYTES / texts));
  const pack = (text: string): Promise<Value> =>
    toValue(blobs, executionId, text, { inlineBytesMax, previewBytesMax });

  const packBranch = async ({ agent, task, context, artifacts = [], options, approval }: OpenBranch) => {
    const [packedTask, packedContext, packedInput] = await Promise.all([
      pack(task),
      context === undefined ? undefined : pack(context),
      approval === undefined ? undefined : pack(approval.input),
    ]);
    const packet: Packet = {
      task: packedTask,
      artifacts: [...artifacts],
      ...(packedContext === undefined ? {} : { context: packedContext }),
      ...(options === undefined ? {} : { options: [...options] }),
      ...(approval === undefined || packedInput === undefined
        ? {}
        : { approval: { tool: approval.tool, input: packedInput } }),
    };
    return { agent, packet };
  };

  return Promise.all(
    calls.map(async ({ callId, mode, to, onFailure = "collect", deadlineSeconds }) => ({
      callId,
      mode,
      to: await Promise.all(to.map(packBranch)),
      onFailure,
      ...(deadlineSeconds === undefined ? {} : { deadlineSeconds }),
    })),
  );
};

const isGiven = (text: unknown): boolean => text !== undefined;
