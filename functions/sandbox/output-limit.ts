import { LIMITS } from "../shared/contracts/limits.ts";
import { previewOf } from "../shared/contracts/value.ts";

/** A piece of output that is let through; after one that `isCut` there is none. */
export interface OutputPiece {
  readonly text: string;
  readonly isCut: boolean;
}

/** Lets the first `codeOutputBytesMax` bytes through, and drops the rest as it comes. */
export const limitOutput = (
  pass: (piece: OutputPiece) => void,
  bytesMax: number = LIMITS.codeOutputBytesMax,
): ((text: string) => void) => {
  let room = bytesMax;
  let isCut = false;
  return (text) => {
    if (isCut) return;
    const bytes = Buffer.byteLength(text);
    isCut = bytes > room;
    pass({ text: isCut ? previewOf(text, room) : text, isCut });
    room -= bytes;
  };
};
