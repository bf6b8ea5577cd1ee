import { totalTokens, type Usage } from "../contracts/usage.ts";
import type { Estimate } from "../ports/model.ts";

export type Unit = "tokens" | "calls" | "microUsd";

/** What one update adds to the committed sums. */
export type Amounts = Readonly<Record<Unit, number>>;

/** `presumed`: nobody knows what a call cost, so its estimate stays committed. */
export type Real = Usage | "presumed";

export const NOTHING: Amounts = { tokens: 0, calls: 0, microUsd: 0 };

/** Without a price nothing is reserved in dollars; there is then no dollar budget either. */
export const amountsOf = ({ tokens, microUsd }: Estimate): Amounts => ({
  tokens,
  calls: 1,
  microUsd: microUsd ?? 0,
});

export const sumOf = (a: Amounts, b: Amounts): Amounts => ({
  tokens: a.tokens + b.tokens,
  calls: a.calls + b.calls,
  microUsd: a.microUsd + b.microUsd,
});

/** What settling adds: mostly negative, for estimates are upper bounds. A call stays a call. */
export const settlementOf = (reserved: Pick<Amounts, "tokens" | "microUsd">, real: Real): Amounts =>
  real === "presumed"
    ? NOTHING
    : {
        tokens: totalTokens(real) - reserved.tokens,
        calls: 0,
        microUsd: real.microUsd === null ? 0 : real.microUsd - reserved.microUsd,
      };

/** Names a try of a turn, so that a successor finds the TURN that a reservation paid for. */
export const reservationId = (epoch: number, turn: number, attempt: number): string =>
  `${epoch}.${turn}.${attempt}`;

export const paidFor = (
  reservationId: string,
  turn: { readonly epoch: number; readonly n: number },
): boolean => reservationId.startsWith(`${turn.epoch}.${turn.n}.`);
