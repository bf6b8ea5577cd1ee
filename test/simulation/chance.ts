/** The one source of chance of a world: the same seed draws the same numbers in the same order. */
export class Chance {
  #a: number;

  constructor(seed: number) {
    // Neighbouring seeds must not draw neighbouring numbers.
    this.#a = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
    for (let draws = 0; draws < 4; draws++) this.fraction();
  }

  /** Uniform in [0, 1). */
  fraction(): number {
    this.#a = (this.#a + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#a ^ (this.#a >>> 15), 1 | this.#a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  hit(probability: number): boolean {
    return probability > 0 && this.fraction() < probability;
  }

  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  /** Most are short, a few are long: what latencies look like. */
  skewed(least: number, most: number): number {
    return Math.floor(least + (most - least) * this.fraction() ** 4);
  }

  pick<T>(list: readonly [T, ...T[]]): T;
  pick<T>(list: readonly T[]): T | undefined;
  pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.fraction() * list.length)];
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(this.fraction() * 256));
  }
}
