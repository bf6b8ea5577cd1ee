import type { AgentName, Instant } from "../contracts/ids.ts";
import { type ExecutionLimits, LIMITS } from "../contracts/limits.ts";
import type { Permit, Reservation } from "../contracts/permit.ts";
import type { Condition, Path } from "../ports/store.ts";
import type { Amounts, Unit } from "./spending.ts";

/** What one agent's calls are held to. `null` or absent: this is not bounded. */
export interface Caps {
  readonly execution: Pick<ExecutionLimits, Unit>;
  readonly agent: AgentName;
  /** Of all tasks of this agent in the execution together. */
  readonly own: { readonly [U in Unit]?: number | undefined };
}

/** Without a price such a cap cannot be kept. */
export const hasDollarCap = ({ execution, own }: Caps): boolean =>
  execution.microUsd !== null || own.microUsd !== undefined;

/** One cap and how it stands before a call. */
export interface Budget {
  readonly whose: "execution" | AgentName;
  readonly unit: Unit;
  readonly cap: number;
  /** Settled, or reserved by somebody who must be taken for dead. */
  readonly spent: number;
  /** Reserved by others, who may give a part of it back. */
  readonly open: number;
  readonly need: number;
}

/** Where each unit is counted in PERMIT: for the execution, and in a map by agent. */
const PLACES = [
  { unit: "tokens", sum: "committedTokens", byAgent: "agentTokens" },
  { unit: "calls", sum: "committedCalls", byAgent: "agentCalls" },
  { unit: "microUsd", sum: "committedMicroUsd", byAgent: "agentMicroUsd" },
] as const;

/** Both sums change in one update, so that no crash comes between them (P4). */
export const additionsOf = (agent: AgentName, amounts: Amounts): (readonly [Path, number])[] =>
  PLACES.flatMap(({ unit, sum, byAgent }) =>
    amounts[unit] === 0 ? [] : [[[sum], amounts[unit]] as const, [[byAgent, agent], amounts[unit]] as const],
  );

/**
 * What must hold of PERMIT so that `amounts` can be added and no sum is above `percent` of its cap, or at
 * it below 100; `undefined` when it cannot hold, whatever PERMIT says.
 */
export const roomConditions = (
  { execution, agent, own }: Caps,
  amounts: Amounts,
  percent: number,
): Condition[] | undefined => {
  const conditions = PLACES.flatMap(({ unit, sum, byAgent }): Condition[] => {
    const left = (cap: number | null | undefined): number[] =>
      cap === null || cap === undefined ? [] : [highestBelow(cap, percent) - amounts[unit]];
    return [
      ...left(execution[unit]).map((value) => ({ path: [sum], is: "atMost", value }) as const),
      ...left(own[unit]).map((value) => ({ path: [byAgent, agent], is: "missingOrAtMost", value }) as const),
    ];
  });
  return conditions.every((condition) => "value" in condition && Number(condition.value) >= 0)
    ? conditions
    : undefined;
};

const highestBelow = (cap: number, percent: number): number =>
  percent === 100 ? cap : Math.ceil((cap * percent) / 100) - 1;

/** Every cap of a call, the execution's first. Nothing of the asking task may be open any more. */
export const budgetsOf = (caps: Caps, need: Amounts, permit: Permit, now: Instant): Budget[] => {
  const open = Object.values(permit.open).filter((reservation) => isAlive(reservation, now));
  const openOwn = open.filter(({ agent }) => agent === caps.agent);
  return PLACES.flatMap(({ unit, sum, byAgent }) => [
    ...budget("execution", unit, caps.execution[unit], permit[sum], open),
    ...budget(caps.agent, unit, caps.own[unit], permit[byAgent][caps.agent] ?? 0, openOwn),
  ]);

  function budget(
    whose: Budget["whose"],
    unit: Unit,
    cap: number | null | undefined,
    committed: number,
    reservations: readonly Reservation[],
  ): Budget[] {
    if (cap === null || cap === undefined) return [];
    // Calls are never given back.
    const held = unit === "calls" ? 0 : sumOf(reservations, unit);
    return [{ whose, unit, cap, spent: committed - held, open: held, need: need[unit] }];
  }
};

/** What each agent has spent, as far as it is settled; who has spent most comes first. */
export const spentByAgent = (
  permit: Permit,
  now: Instant,
): readonly (Amounts & { readonly agent: AgentName })[] => {
  const open = Object.values(permit.open).filter((reservation) => isAlive(reservation, now));
  return Object.entries(permit.agentTokens)
    .map(([agent, tokens]) => {
      const own = open.filter((reservation) => reservation.agent === agent);
      return {
        agent,
        tokens: tokens - sumOf(own, "tokens"),
        calls: permit.agentCalls[agent] ?? 0,
        microUsd: (permit.agentMicroUsd[agent] ?? 0) - sumOf(own, "microUsd"),
      };
    })
    .sort((a, b) => b.tokens - a.tokens);
};

/**
 * One that is too old gives nothing back: its holder died, and its task may have ended without anybody
 * to come after it (P4). Nor is one waited for that a wrong clock has dated far ahead.
 */
const isAlive = ({ at }: Reservation, now: Instant): boolean => Math.abs(now - at) < LIMITS.reservationMsMax;

const sumOf = (reservations: readonly Reservation[], unit: "tokens" | "microUsd"): number =>
  reservations.reduce((total, reservation) => total + reservation[unit], 0);
