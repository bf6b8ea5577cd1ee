/** A seed that once broke a promise, and what was wrong then. The fix and the seed come together. */
export interface PinnedSeed {
  readonly seed: number;
  readonly found: string;
}

export const PINNED_SEEDS: readonly PinnedSeed[] = [
  {
    seed: 1019,
    found:
      "P4: the reservation of a stopped task whose function had died was waited for until the execution's deadline",
  },
];
