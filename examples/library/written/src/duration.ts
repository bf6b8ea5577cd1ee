const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
const PART = /(\d+(?:\.\d+)?)\s*(d|h|m|s|ms)/g;

/** Whole milliseconds of a text such as `1h 30m`. Throws a RangeError that quotes what is no duration. */
export const parseDuration = (text: string): number => {
  const parts = [...text.matchAll(PART)];
  if (parts.length === 0) throw new RangeError(`"${text}" is no duration; write it like "1h 30m"`);
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS[unit as keyof typeof UNITS], 0);
};

/** The shortest text that `parseDuration` takes back to `ms`. */
export const formatDuration = (ms: number): string => {
  if (!Number.isSafeInteger(ms) || ms < 0) throw new RangeError(`${ms} is no whole number of milliseconds`);
  let rest = ms;
  const parts = Object.entries(UNITS).flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? [] : [`${count}${unit}`];
  });
  return parts.join(" ") || "0s";
};
