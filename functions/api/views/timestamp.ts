/** ISO 8601, UTC, milliseconds. */
export const timestamp = (instant: number): string => new Date(instant).toISOString();
