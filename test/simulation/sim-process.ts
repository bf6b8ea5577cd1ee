import type { AgentName } from "../../functions/shared/contracts/ids.ts";

export type Role = "coordinator" | "api" | "sweeper" | { readonly agent: AgentName };

export const roleName = (role: Role): string => (typeof role === "string" ? role : role.agent);

/** One run of one function: what can die, freeze, and have a clock of its own. */
export class SimProcess {
  readonly id: string;
  readonly role: Role;
  readonly name: string;
  /** Simulated time at which it began. */
  readonly startedAt: number;
  readonly skewMs: number;
  isDead = false;
  hasEnded = false;
  frozenUntil = 0;
  /** Nothing was done to it: what it does wrong is its own doing. */
  isClean = true;
  /** A write of its own looked as if it had failed. */
  hasDoubt = false;

  constructor(id: string, role: Role, startedAt: number, skewMs: number) {
    this.id = id;
    this.role = role;
    this.name = roleName(role);
    this.startedAt = startedAt;
    this.skewMs = skewMs;
  }

  isFrozen(now: number): boolean {
    return this.frozenUntil > now;
  }
}
