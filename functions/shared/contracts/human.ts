import type { AgentName } from "./ids.ts";

/**
 * The agent of every question: a person, whose queue is the API. There is no function, no queue and
 * no role of this name, and no folder under `functions/agents/` may have it.
 */
export const HUMAN: AgentName = "human";

export const isHuman = (agent: AgentName): boolean => agent === HUMAN;
