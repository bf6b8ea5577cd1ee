import { previewOf } from "../contracts/value.ts";

/** Lines count from 1, and so do the characters (UTF-16 units) of a line. */
export interface Place {
  readonly offset: number;
  readonly column: number;
}

export interface LinesRead {
  /** Exactly as it stands in the text, line ends included. */
  readonly part: string;
  /** The last line of which something is shown. */
  readonly last: number;
  /** Where to go on; absent at the end of the text. */
  readonly next: Place | undefined;
}

/** Where each line begins; a line end at the very end begins none. */
export const lineStarts = (text: string): number[] => {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1 && at + 1 < text.length; at = text.indexOf("\n", at + 1)) {
    starts.push(at + 1);
  }
  return starts;
};

/**
 * Up to `limit` whole lines from a place on, at most `bytesMax` bytes of UTF-8. A line that does not
 * fit by itself is shown in part. The place must be in the text.
 */
export const readLines = (
  text: string,
  starts: readonly number[],
  { offset, column, limit }: Place & { readonly limit: number },
  bytesMax: number,
): LinesRead => {
  const endOf = (line: number): number => starts[line] ?? text.length;
  const from = (starts[offset - 1] ?? text.length) + column - 1;
  const lineMax = Math.min(starts.length, offset + limit - 1);
  let last = offset - 1;
  let end = from;
  for (let bytes = 0; last < lineMax; last += 1, end = endOf(last)) {
    bytes += Buffer.byteLength(text.slice(end, endOf(last + 1)));
    if (bytes > bytesMax) break;
  }
  if (last >= offset) {
    const next = last < starts.length ? { offset: last + 1, column: 1 } : undefined;
    return { part: text.slice(from, end), last, next };
  }
  const part = previewOf(text.slice(from, endOf(offset)), bytesMax);
  return { part, last: offset, next: { offset, column: column + part.length } };
};
