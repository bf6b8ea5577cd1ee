import type { BranchResult } from "../contracts/handoff.ts";
import { LIMITS } from "../contracts/limits.ts";
import type { JoinedAnswers } from "../contracts/task-record.ts";
import { type BlobRef, previewOf } from "../contracts/value.ts";
import type { GivenResult } from "./saved-turn.ts";
import { HANDOFFS_FOLDER } from "./workspace-path.ts";

/** What the model is told of a join, and the answers that it must find in its workspace. */
export interface HandoffResults {
  readonly given: readonly GivenResult[];
  readonly files: readonly AnswerFile[];
}

/** `text` when the answer came inline and is too large to be told whole; otherwise it is a blob already. */
export type AnswerFile = { readonly path: string } & ({ readonly text: string } | { readonly blob: BlobRef });

/**
 * One JSON array per handoff call, in declared order. All of them together fit
 * `toolResultBytesMax` after escaping: answers are shown whole as long as that is so, then as ever
 * shorter previews beside the path of the whole. Pure, so that a successor tells the same.
 */
export const handoffResults = ({ results }: JoinedAnswers): HandoffResults => {
  const showAll = (share: Share) => results.map(({ callId, branches }) => show(callId, branches, share));
  let shown = showAll(WHOLE);
  for (const share of EVER_LESS) {
    if (sizeOf(shown) <= LIMITS.toolResultBytesMax) break;
    shown = showAll(share);
  }
  return {
    given: shown.map(({ callId, entries }) => ({ callId, content: JSON.stringify(entries) })),
    files: shown.flatMap(({ files }) => files),
  };
};

export const answerPath = (taskId: string): string => `${HANDOFFS_FOLDER}/${taskId}.md`;

interface Share {
  /** Inline answers above this become files. */
  readonly inlineBytes: number;
  readonly previewBytes: number;
}

const WHOLE: Share = { inlineBytes: Number.POSITIVE_INFINITY, previewBytes: LIMITS.answerPreviewBytes };
/** A hundred entries without any preview fit. */
const EVER_LESS: readonly Share[] = [4096, 1024, 512, 256, 128, 64, 16, 0].map((bytes) => ({
  inlineBytes: bytes,
  previewBytes: Math.min(bytes, LIMITS.answerPreviewBytes),
}));

interface ShownCall {
  readonly callId: string;
  readonly entries: readonly object[];
  readonly files: readonly AnswerFile[];
}

const show = (callId: string, branches: readonly BranchResult[], share: Share): ShownCall => {
  const shown = branches.map((branch) => showBranch(branch, share));
  return {
    callId,
    entries: shown.map(({ entry }) => entry),
    files: shown.flatMap(({ file }) => (file === undefined ? [] : [file])),
  };
};

const showBranch = (
  { agent, taskId, status, answer, error }: BranchResult,
  { inlineBytes, previewBytes }: Share,
): { entry: object; file?: AnswerFile } => {
  const path = answerPath(taskId);
  const told =
    error === undefined ? {} : { error: { ...error, message: previewOf(error.message, previewBytes) } };
  if (answer === undefined) return { entry: { agent, status, ...told } };
  if ("blob" in answer) {
    const entry = {
      agent,
      status,
      answer: previewOf(answer.preview, previewBytes),
      bytes: answer.blob.bytes,
      path,
    };
    return { entry, file: { path, blob: answer.blob } };
  }
  const bytes = Buffer.byteLength(answer.text);
  if (bytes <= inlineBytes) return { entry: { agent, status, answer: answer.text } };
  const preview = previewOf(answer.text, previewBytes);
  return { entry: { agent, status, answer: preview, bytes, path }, file: { path, text: answer.text } };
};

const sizeOf = (calls: readonly ShownCall[]): number =>
  calls.reduce((total, { entries }) => total + Buffer.byteLength(JSON.stringify(entries)), 0);
