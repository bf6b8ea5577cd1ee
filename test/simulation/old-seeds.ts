/** Seeds below are pinned, or known to catch a bug: what chance decides in their worlds stays as it was. */
export const NEW_SEEDS_FROM = 10_000;

export const isOldSeed = (seed: number): boolean => seed < NEW_SEEDS_FROM;
