/** Arithmetic without `Math`, which is denied here because chance is an input. */

// biome-ignore lint/complexity/useMathMinMax: see above
export const lesser = (a: number, b: number): number => (a < b ? a : b);
// biome-ignore lint/complexity/useMathMinMax: see above
export const greater = (a: number, b: number): number => (a > b ? a : b);
/** Of numbers that are not negative. */
export const floor = (x: number): number => x - (x % 1);
export const ceiling = (x: number): number => (x % 1 === 0 ? x : floor(x) + 1);
