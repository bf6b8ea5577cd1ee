import { inAgent, type PlantedBug } from "./planted-bug.ts";

/** What may be spent, reserved before and settled after; see account-bugs.ts for the provider's own limits. */
export const PURSE_BUGS: readonly PlantedBug[] = [
  inAgent(
    "money is asked for after it was spent",
    "P4",
    "take-turn.ts",
    `    const reserved = await reserve(run, n, attempt, purpose);
    if (reserved === "wait") {
      // L3: it would be counted again with each return, until those who can call find the minute full.
      await run.limiter.giveBack();
      return { kind: "waits", seconds: budgetWaitSeconds(run) };
    }
    const said = await callModel(run, reserved, attempt);`,
    `    const said = await callModel(run, requestOf(run, purpose), attempt);
    if ((await reserve(run, n, attempt, purpose)) === "wait") {
      await run.limiter.giveBack();
      return { kind: "waits", seconds: budgetWaitSeconds(run) };
    }`,
  ),
  inAgent(
    "the token budget is not kept",
    "P4",
    "budget.ts",
    "      cap === null || cap === undefined ? []",
    '      cap === null || cap === undefined || unit === "tokens" ? []',
  ),
  inAgent(
    "the call budget is not kept",
    "P4",
    "budget.ts",
    "      cap === null || cap === undefined ? []",
    '      cap === null || cap === undefined || unit === "calls" ? []',
  ),
  inAgent("an agent's own budget is not kept", "P4", "budget.ts", "...left(own[unit])", "...left(undefined)"),
  inAgent(
    "a reservation is settled whatever its name",
    "P4",
    "permit.ts",
    'when: [{ path: [...open, "id"], is: "equal", value: reserved.id }],',
    "when: [],",
  ),
  inAgent(
    "reservations are never given back",
    "P4",
    "permit.ts",
    "    const open = this.#open;\n    if (open === undefined) return;",
    "    const open = this.#open;\n    if (open !== undefined || open === undefined) return;",
  ),
  inAgent(
    "what a dead owner has reserved counts as unspent",
    "P4",
    "permit.ts",
    '(saved?.usage ?? "presumed"),',
    "(saved?.usage ?? { calls: 0, inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, microUsd: 0 }),",
  ),
  inAgent(
    "a dead owner's reservation is waited for for ever",
    "P4",
    "budget.ts",
    "Math.abs(now - at) < LIMITS.reservationMsMax;",
    "now - at < LIMITS.reservationMsMax * now;",
  ),
  inAgent(
    "a replaced owner may still reserve",
    "P5",
    "permit.ts",
    '          { path: ["epochs", this.#n], is: "missingOrAtMost", value: epoch },',
    "",
  ),
  inAgent(
    "a takeover reads the turns before its predecessor is fenced",
    "P5",
    "standalone-agent.ts",
    "held: held.isTakeover ? await this.#readBehindFence(held, permit) : held,",
    "held,",
  ),
  inAgent(
    "an outcome is written without a fence around the purse",
    "P5",
    "conclude.ts",
    "  if (!(await run.permit.fence())) return LOOK_AGAIN;",
    "",
  ),
];
