import type { TaskRequest } from "../contracts/task-record.ts";
import type { Blobs } from "../ports/blobs.ts";
import { enclosed } from "./envelope.ts";
import { readValue } from "./stored-value.ts";

export interface RequestText {
  /** The task in the words of who asked. */
  readonly task: string;
  /** The first message of the transcript. */
  readonly message: string;
}

/**
 * A caller's input stands for itself. What a peer asks comes in an envelope that says whose words
 * they are: they are a request to judge, not instructions that could change what this agent is.
 * Nothing in an envelope can end it, so a peer's words never pass for anybody else's.
 */
export const requestText = async ({ from, packet }: TaskRequest, blobs: Blobs): Promise<RequestText> => {
  const [task, context] = await Promise.all([
    readValue(blobs, packet.task),
    packet.context === undefined ? undefined : readValue(blobs, packet.context),
  ]);
  const parts = [from === null ? task : `<task from="${from}">\n${enclosed(task)}\n</task>`];
  if (context !== undefined) parts.push(`<context>\n${enclosed(context)}\n</context>`);
  if (packet.artifacts.length > 0) {
    parts.push(`<artifacts>\n${packet.artifacts.join("\n")}\n</artifacts>`);
  }
  return { task, message: parts.join("\n\n") };
};
