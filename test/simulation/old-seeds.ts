/** Seeds below are pinned, or known to catch a bug: what chance decides in their worlds stays as it was. */
const NEW_FROM = 10_000;

export const isOldSeed = (seed: number): boolean => seed < NEW_FROM;
/** The first of the worlds in which people may be asked. */
export const FIRST_SEED_WITH_PEOPLE = NEW_FROM;
