import { createHash } from "node:crypto";
import type { AgentName } from "../contracts/ids.ts";

/** A task's words, whatever their case and the space between them. */
export const wordsOf = (text: string): string => text.toLowerCase().split(/\s+/).join(" ").trim();

/**
 * Names what an agent was asked. The marks of all who asked before go with each task, so that a chain of
 * handoffs that asks the same again is seen however long its circle is; 64 bits, for they are many.
 */
export const markOf = (agent: AgentName, task: string): string =>
  createHash("sha256")
    .update(`${agent}\n${wordsOf(task)}`)
    .digest("base64url")
    .slice(0, 11);
