import type { Answer } from "../shared/contracts/handoff.ts";
import { LIMITS } from "../shared/contracts/limits.ts";
import { type BlobRef, previewOf } from "../shared/contracts/value.ts";
import type { Blobs } from "../shared/ports/blobs.ts";

/** A text as an answer can carry it; `bytes` is the whole text's size when only its beginning is here. */
export interface CarriedText {
  readonly text: string;
  readonly bytes?: number;
}

/** In full when it fits a response. Rejects as Blobs.get does. */
export const carryBlob = async (blobs: Blobs, blob: BlobRef, preview: string): Promise<CarriedText> =>
  blob.bytes > LIMITS.responseTextBytesMax
    ? { text: preview, bytes: blob.bytes }
    : carryText(await blobs.get(blob));

export const carryAnswer = async (blobs: Blobs, answer: Answer): Promise<CarriedText> =>
  "text" in answer ? { text: answer.text } : carryBlob(blobs, answer.blob, answer.preview);

/**
 * A Lambda function may answer 6 MB, and the body travels as a JSON string in its JSON answer: what
 * counts is the size after escaping twice.
 */
const carryText = (text: string): CarriedText =>
  Buffer.byteLength(JSON.stringify(JSON.stringify(text))) <= LIMITS.responseJsonBytesMax
    ? { text }
    : { text: previewOf(text, LIMITS.answerPreviewBytes), bytes: Buffer.byteLength(text) };
