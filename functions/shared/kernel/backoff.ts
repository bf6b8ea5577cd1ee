/**
 * Exponential back-off with full jitter: uniform between 0 and the doubled base, so that those who
 * failed together do not come back together. `tries` counts from 1; `fraction` is chance, in [0, 1).
 */
export const backoffMs = (
  tries: number,
  { baseMs, maxMs }: { readonly baseMs: number; readonly maxMs: number },
  fraction: number,
): number => Math.floor(fraction * Math.min(maxMs, baseMs * 2 ** (tries - 1)));
