import type { Instant } from "../contracts/ids.ts";
import type { Permit } from "../contracts/permit.ts";
import { type Budget, spentByAgent } from "./budget.ts";
import type { Unit } from "./spending.ts";

/** Why a task ends as `BudgetExceeded`: which cap, what was spent on whom, and what to do. */
export const exceededText = (budget: Budget, permit: Permit, now: Instant): string => {
  const { whose, unit, cap, spent, need } = budget;
  const name = whose === "execution" ? "the budget" : `${whose}'s own budget`;
  const advice =
    whose === "execution" ? "start again with a higher limit" : "raise the limit in its agent.ts";
  return `${name} is ${amountText(unit, cap)}, ${numberText(unit, spent)} are spent, and the next call may need ${numberText(unit, need)}. ${spentText(permit, now)}; ${advice}`;
};

/** What the agent is told, once, when little is left. */
export const noticeText = (scarce: readonly Budget[]): string => {
  const lines = scarce.map(
    ({ whose, unit, cap, spent, need }) =>
      `of the ${amountText(unit, cap)} of ${whose === "execution" ? "this run" : "your agent in this run"}, ${numberText(unit, spent)} are spent and this call may take ${numberText(unit, need)}`,
  );
  return `<budget-notice>\n${lines.join(";\n")}.\nA call that does not fit any more ends this task without an answer: finish soon with what you have.\n</budget-notice>`;
};

export const UNPRICED =
  "the price of this agent's model is not known, so that a dollar budget cannot be kept";

const AGENTS_SHOWN = 8;

const spentText = (permit: Permit, now: Instant): string => {
  const all = spentByAgent(permit, now);
  if (all.length === 0) return "Nothing was spent";
  const shown = all
    .slice(0, AGENTS_SHOWN)
    .map(
      ({ agent, calls, tokens, microUsd }) =>
        `${agent} ${amountText("calls", calls)}, ${amountText("tokens", tokens)}, ${amountText("microUsd", microUsd)}`,
    );
  const more = all.length > AGENTS_SHOWN ? `; ${all.length - AGENTS_SHOWN} more agents` : "";
  return `Spent: ${shown.join("; ")}${more}`;
};

const NAMES: Readonly<Record<Unit, string>> = { tokens: " tokens", calls: " model calls", microUsd: "" };

const amountText = (unit: Unit, amount: number): string => `${numberText(unit, amount)}${NAMES[unit]}`;

const numberText = (unit: Unit, amount: number): string =>
  unit === "microUsd" ? `$${amount / 1e6}` : String(amount);
