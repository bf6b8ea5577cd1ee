export interface RateLimiterOptions {
  /** The most tokens that a key can save up: the size of a burst. */
  readonly capacity: number;
  /** Tokens that come back each second, up to the capacity: the rate in the long run. */
  readonly refillPerSecond: number;
  /** Milliseconds of a clock that never runs backwards; tests pass their own. */
  readonly now?: () => number;
}

export type Decision =
  | { readonly allowed: true; readonly remaining: number }
  | { readonly allowed: false; readonly retryAfterMs: number };

interface Bucket {
  tokens: number;
  updatedAt: number;
}

/** A token bucket for each key. It has no timers: a bucket is refilled when it is next looked at. */
export class RateLimiter {
  readonly #capacity: number;
  readonly #refillPerSecond: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor({ capacity, refillPerSecond, now = () => performance.now() }: RateLimiterOptions) {
    if (!(capacity > 0) || !(refillPerSecond > 0)) {
      throw new RangeError("capacity and refillPerSecond must be above 0");
    }
    this.#capacity = capacity;
    this.#refillPerSecond = refillPerSecond;
    this.#now = now;
  }

  /** Takes `cost` tokens if the key has them; otherwise takes none and says when it will have them. */
  take(key: string, cost = 1): Decision {
    if (!(cost > 0) || cost > this.#capacity) {
      throw new RangeError(`cost must be above 0 and at most ${this.#capacity}`);
    }
    const bucket = this.#refilled(key);
    if (bucket.tokens < cost) {
      const missing = cost - bucket.tokens;
      return { allowed: false, retryAfterMs: Math.ceil((missing / this.#refillPerSecond) * 1000) };
    }
    bucket.tokens -= cost;
    return { allowed: true, remaining: Math.floor(bucket.tokens) };
  }

  /** Forgets the keys whose bucket is full: a new one would say the same. Returns how many. */
  sweep(): number {
    const before = this.#buckets.size;
    for (const key of this.#buckets.keys()) {
      if (this.#refilled(key).tokens >= this.#capacity) this.#buckets.delete(key);
    }
    return before - this.#buckets.size;
  }

  #refilled(key: string): Bucket {
    const now = this.#now();
    const bucket = this.#buckets.get(key) ?? { tokens: this.#capacity, updatedAt: now };
    const gained = Math.floor(((now - bucket.updatedAt) / 1000) * this.#refillPerSecond);
    bucket.tokens = Math.min(this.#capacity, bucket.tokens + gained);
    bucket.updatedAt = now;
    this.#buckets.set(key, bucket);
    return bucket;
  }
}
