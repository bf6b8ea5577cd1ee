import type { Instant } from "../contracts/ids.ts";
import { type ExecutionLimits, LIMITS } from "../contracts/limits.ts";
import type { Permit, Reservation } from "../contracts/permit.ts";
import type { Estimate } from "../ports/model.ts";

export type Caps = Pick<ExecutionLimits, "tokens" | "calls" | "microUsd">;

export type Room =
  | { readonly kind: "enough" }
  | { readonly kind: "wait" }
  | { readonly kind: "exceeded"; readonly message: string };

/**
 * Whether the next call fits the budget, and if not, whether waiting can help: it can when only
 * reservations of others, which are upper bounds, stand in the way. One that is too old gives nothing
 * back: its holder died, and its task may have ended without anybody to come after it (P4).
 */
export const roomFor = (need: Estimate, permit: Permit, caps: Caps, now: Instant): Room => {
  const open = Object.values(permit.open).filter(({ at }) => at + LIMITS.reservationMsMax > now);
  const dimensions: readonly Dimension[] = [
    {
      unit: "tokens",
      cap: caps.tokens,
      committed: permit.committedTokens,
      need: need.tokens,
      open: sum(open, "tokens"),
    },
    { unit: "model calls", cap: caps.calls, committed: permit.committedCalls, need: 1, open: 0 },
    {
      unit: "micro-dollars",
      cap: caps.microUsd ?? Number.POSITIVE_INFINITY,
      committed: permit.committedMicroUsd,
      need: need.microUsd ?? 0,
      open: sum(open, "microUsd"),
    },
  ];
  if (need.microUsd === null && caps.microUsd !== null) return { kind: "exceeded", message: UNPRICED };
  const spent = dimensions.find(({ committed, open, need, cap }) => committed - open + need > cap);
  if (spent !== undefined) return { kind: "exceeded", message: messageOf(spent) };
  return { kind: dimensions.some(({ committed, need, cap }) => committed + need > cap) ? "wait" : "enough" };
};

interface Dimension {
  readonly unit: string;
  readonly cap: number;
  readonly committed: number;
  /** The part of `committed` that others have reserved and may yet settle. */
  readonly open: number;
  readonly need: number;
}

const sum = (open: readonly Reservation[], field: "tokens" | "microUsd"): number =>
  open.reduce((total, reservation) => total + reservation[field], 0);

const messageOf = ({ unit, cap, committed, open, need }: Dimension): string =>
  `the budget is ${cap} ${unit}, ${committed - open} are spent, and the next call may need ${need}; start again with a higher limit`;

const UNPRICED = "the price of this agent's model is not known, so that a dollar budget cannot be kept";
