import { totalTokens, type Usage } from "../contracts/usage.ts";
import type { Estimate } from "../ports/model.ts";

/** What one update adds to the committed sums. */
export interface Amounts {
  readonly tokens: number;
  readonly microUsd: number;
}

/** `presumed`: nobody knows what a call cost, so its estimate stays committed. */
export type Real = Usage | "presumed";

export const NOTHING: Amounts = { tokens: 0, microUsd: 0 };

/** Without a price nothing is reserved in dollars; there is then no dollar budget either. */
export const amountsOf = ({ tokens, microUsd }: Estimate): Amounts => ({ tokens, microUsd: microUsd ?? 0 });

/** What settling adds: mostly negative, for estimates are upper bounds. */
export const settlementOf = (reserved: Amounts, real: Real): Amounts =>
  real === "presumed"
    ? NOTHING
    : {
        tokens: totalTokens(real) - reserved.tokens,
        microUsd: real.microUsd === null ? 0 : real.microUsd - reserved.microUsd,
      };

/** Names a try of a turn, so that a successor finds the TURN that a reservation paid for. */
export const reservationId = (epoch: number, turn: number, attempt: number): string =>
  `${epoch}.${turn}.${attempt}`;

export const paidFor = (
  reservationId: string,
  turn: { readonly epoch: number; readonly n: number },
): boolean => reservationId.startsWith(`${turn.epoch}.${turn.n}.`);
