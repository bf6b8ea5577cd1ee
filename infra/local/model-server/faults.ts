/** What can go wrong with one request, as the client sees it. */
export type Fault =
  /** An error answer before anything is paid. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly type: string;
      readonly retryAfter?: string;
    }
  /** The socket is destroyed in the middle of the content. */
  | { readonly kind: "cut" }
  /** The response ends properly, but without `message_stop`. */
  | { readonly kind: "silent-end" }
  /** Half the content, then no bytes for so long, then the rest. */
  | { readonly kind: "stall"; readonly ms: number }
  /** An `error` event in the middle of the content. */
  | { readonly kind: "error-event"; readonly type: string }
  /** Half the text and `stop_reason: "refusal"`. */
  | { readonly kind: "refusal" }
  /** Half the content and `stop_reason: "max_tokens"`. */
  | { readonly kind: "truncation" }
  /** The last tool call's input breaks off, and yet the turn ends with `tool_use`. */
  | { readonly kind: "malformed-input" }
  /** A whole message without content. */
  | { readonly kind: "empty" };

/** 429. `retryAfter`: whole seconds, or an HTTP date as a string. */
export const rateLimited = (retryAfter?: number | string): Fault => ({
  kind: "status",
  status: 429,
  type: "rate_limit_error",
  ...(retryAfter === undefined ? {} : { retryAfter: String(retryAfter) }),
});
export const overloaded = (): Fault => ({ kind: "status", status: 529, type: "overloaded_error" });
export const serverError = (): Fault => ({ kind: "status", status: 500, type: "api_error" });
export const cut = (): Fault => ({ kind: "cut" });
export const silentEnd = (): Fault => ({ kind: "silent-end" });
export const stall = (ms: number): Fault => ({ kind: "stall", ms });
export const errorEvent = (type = "overloaded_error"): Fault => ({ kind: "error-event", type });
export const refusal = (): Fault => ({ kind: "refusal" });
export const truncation = (): Fault => ({ kind: "truncation" });
export const malformedInput = (): Fault => ({ kind: "malformed-input" });
export const emptyAnswer = (): Fault => ({ kind: "empty" });

/** Which fault is due: one for each request of the same turn of the same conversation. */
export class FaultSchedule {
  readonly #taken = new Map<string, number>();

  next(conversation: string, turn: number, faults: readonly Fault[]): Fault | undefined {
    if (faults.length === 0) return undefined;
    const key = `${conversation}#${turn}`;
    const taken = this.#taken.get(key) ?? 0;
    if (taken < faults.length) this.#taken.set(key, taken + 1);
    return faults[taken];
  }

  reset(): void {
    this.#taken.clear();
  }
}
