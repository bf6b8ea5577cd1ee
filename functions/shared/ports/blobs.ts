import type { ExecutionId } from "../contracts/ids.ts";
import type { BlobRef } from "../contracts/value.ts";

/** Immutable text under a content address; writing the same text twice is one blob. */
export interface Blobs {
  put(executionId: ExecutionId, text: string): Promise<BlobRef>;
  /** Rejects with TerminalError `CheckpointLost` when the blob is gone, short or altered; never returns other bytes. */
  get(blob: BlobRef): Promise<string>;
}
