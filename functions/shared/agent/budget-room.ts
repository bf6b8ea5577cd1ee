import type { Instant } from "../contracts/ids.ts";
import { LIMITS } from "../contracts/limits.ts";
import type { Permit } from "../contracts/permit.ts";
import type { Estimate } from "../ports/model.ts";
import { type Budget, budgetsOf, type Caps, hasDollarCap } from "./budget.ts";
import { exceededText, noticeText, UNPRICED } from "./budget-text.ts";
import { amountsOf } from "./spending.ts";

export type Room =
  | { readonly kind: "enough" }
  | { readonly kind: "wait" }
  /** There is room, and the agent should hear that there is little. */
  | { readonly kind: "scarce"; readonly notice: string }
  | { readonly kind: "exceeded"; readonly message: string };

/**
 * Whether the next call fits the budgets of the execution and of its agent, and if not, whether waiting
 * can help: it can when only reservations of others, which are upper bounds, stand in the way.
 */
export const roomFor = (need: Estimate, permit: Permit, caps: Caps, now: Instant): Room => {
  if (need.microUsd === null && hasDollarCap(caps)) return { kind: "exceeded", message: UNPRICED };
  const budgets = budgetsOf(caps, amountsOf(need), permit, now);
  const spent = budgets.find((budget) => neededOf(budget) > budget.cap);
  if (spent !== undefined) return { kind: "exceeded", message: exceededText(spent, permit, now) };
  if (budgets.some((budget) => neededOf(budget) + budget.open > budget.cap)) return { kind: "wait" };
  const scarce = budgets.filter(
    (budget) => 100 * neededOf(budget) >= LIMITS.budgetNoticePercent * budget.cap,
  );
  return scarce.length > 0 ? { kind: "scarce", notice: noticeText(scarce) } : { kind: "enough" };
};

const neededOf = ({ spent, need }: Budget): number => spent + need;
