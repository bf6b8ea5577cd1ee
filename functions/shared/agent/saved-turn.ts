import { type AssistantBlock, isToolUse, type ToolUseBlock } from "../contracts/model-message.ts";
import type { TurnRecord } from "../contracts/task-record.ts";
import { TerminalError } from "../kernel/errors.ts";
import { parsedJson } from "../kernel/parsed-json.ts";
import type { Blobs } from "../ports/blobs.ts";
import { readValue } from "./stored-value.ts";

/** One saved turn, its content as the provider sent it. */
export interface Turn {
  readonly record: TurnRecord;
  readonly content: readonly AssistantBlock[];
  readonly toolUses: readonly ToolUseBlock[];
  /** What the conversation begins anew with after this turn, when it brought notes of it. */
  readonly restart?: string | undefined;
}

/** A handoff's result as the model is given it. */
export interface GivenResult {
  readonly callId: string;
  readonly content: string;
}

/** Rejects with TerminalError `CheckpointLost` when a text is gone, altered or cut. */
export const readTurn = async (
  record: TurnRecord,
  blobs: Blobs,
): Promise<{ turn: Turn; given: readonly GivenResult[] }> => {
  const [message, given, restart] = await Promise.all([
    readValue(blobs, record.message),
    record.given === undefined ? "[]" : readValue(blobs, record.given),
    record.notes?.restart === undefined ? undefined : readValue(blobs, record.notes.restart),
  ]);
  return { turn: turnOf(record, message, restart), given: parseList<GivenResult>(given, record.n) };
};

export const turnOf = (record: TurnRecord, message: string, restart?: string): Turn => {
  const content = parseList<AssistantBlock>(message, record.n);
  return { record, content, toolUses: content.filter(isToolUse), restart };
};

export const checkpointLost = (what: string): TerminalError =>
  new TerminalError("CheckpointLost", `${what}; this task cannot go on`);

/** JSON as we stored it; what cannot be read is lost, never guessed. */
export const parseStored = (text: string, what: string): unknown => {
  const stored = parsedJson(text);
  if (stored === undefined) throw checkpointLost(`${what} cannot be read`);
  return stored;
};

const parseList = <Element>(text: string, n: number): Element[] => {
  const list = parseStored(text, `turn ${n}`);
  if (!Array.isArray(list)) throw checkpointLost(`turn ${n} cannot be read`);
  return list as Element[];
};
