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
  {
    seed: 248,
    found:
      "P9: what a coordinator whose clock was an hour ahead had committed was left to it for that hour, while every hint came back every 2 seconds",
  },
  {
    seed: 64,
    found:
      "P14: a cut message that a frozen owner saved after its attempt had failed ended the next attempt too",
  },
  {
    seed: 193,
    found: "P16: an execution that two looks ended left the index with commands in its outbox",
  },
  {
    seed: 900_018_299,
    found:
      "P4: the reservation of an agent whose clock was an hour ahead was waited for all that hour, by eight others that asked every second",
  },
  {
    seed: 910_010_474,
    found:
      "P10: coordinators that died while draining left an order for each task's message behind, and each further drain sent them all",
  },
];
