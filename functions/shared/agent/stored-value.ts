import type { ExecutionId } from "../contracts/ids.ts";
import { type BlobRef, previewOf, type Value } from "../contracts/value.ts";
import type { Blobs } from "../ports/blobs.ts";

/** Inline up to `inlineBytesMax` bytes of UTF-8, otherwise a blob with a preview of at most `previewBytesMax`. */
export const toValue = async (
  blobs: Blobs,
  executionId: ExecutionId,
  text: string,
  { inlineBytesMax, previewBytesMax = 256 }: { inlineBytesMax: number; previewBytesMax?: number },
): Promise<Value> => {
  // A lone surrogate has no UTF-8: stored and fetched it would be another text.
  const whole = text.toWellFormed();
  if (Buffer.byteLength(whole) <= inlineBytesMax) return { inline: whole };
  return { ...(await blobs.put(executionId, whole)), preview: previewOf(whole, previewBytesMax) };
};

/** Rejects with TerminalError `CheckpointLost` when the blob is gone or altered. */
export const readValue = (blobs: Blobs, value: Value): Promise<string> =>
  "inline" in value ? Promise.resolve(value.inline) : blobs.get(blobOf(value));

const blobOf = ({ ref, bytes, sha256 }: BlobRef): BlobRef => ({ ref, bytes, sha256 });
