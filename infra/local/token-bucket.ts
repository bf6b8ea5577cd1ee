export interface Throttle {
  readonly ratePerSecond: number;
  /** How many requests may come at once after a quiet time. */
  readonly burst: number;
}

/** API Gateway's throttle: a bucket of `burst` tokens that fills at `ratePerSecond`. */
export class TokenBucket {
  readonly #throttle: Throttle;
  #tokens: number;
  #filledAt: number;

  constructor(throttle: Throttle, nowMs: number) {
    this.#throttle = throttle;
    this.#tokens = throttle.burst;
    this.#filledAt = nowMs;
  }

  /** Takes a token and answers 0, or takes none and answers the seconds until there is one. */
  take(nowMs: number): number {
    const { ratePerSecond, burst } = this.#throttle;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#filledAt) / 1000) * ratePerSecond);
    this.#filledAt = nowMs;
    if (this.#tokens < 1) return (1 - this.#tokens) / ratePerSecond;
    this.#tokens -= 1;
    return 0;
  }
}
