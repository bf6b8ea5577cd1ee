import type {
  AssistantBlock,
  ModelMessage,
  ToolResultBlock,
  ToolUseBlock,
} from "../contracts/model-message.ts";
import { isToolUse } from "../contracts/model-message.ts";
import type { CallRecord, TurnRecord } from "../contracts/task-record.ts";
import { assert } from "../kernel/assert.ts";
import type { Blobs } from "../ports/blobs.ts";
import { endsAttempt } from "./judge-turn.ts";
import { checkpointLost, type GivenResult, readTurn, type Turn } from "./saved-turn.ts";
import { parseCall, parseTurn, type StoredTask } from "./stored-task.ts";
import { readValue } from "./stored-value.ts";

export interface ToolResult {
  readonly content: string;
  readonly isError: boolean;
}

/**
 * What one agent has said and been told in one task; the only context it has.
 *
 * T1. Append-only: what was sent to the model once is sent again byte for byte; a notice that came with
 *     a call which brought no turn is no part of it.
 * T2. Every tool call has exactly one result, in the order of the calls, before the model is asked again.
 * T3. A turn that ended an earlier attempt (cut, refused, empty) is stored but no longer said.
 * T4. A turn that brought notes ends what was said before it: from then on the conversation is the
 *     request with the notes, and the turns after them. T1 holds anew from there. Everything stays
 *     stored, and counts where turns are counted.
 */
export class Transcript {
  readonly #request: string;
  readonly #attempt: number;
  /** All that were saved, superseded ones included. */
  readonly #saved: TurnRecord[] = [];
  readonly #turns: Turn[] = [];
  /** What is said after the request (T4), and from which of `#turns` on. */
  #restart: string | undefined;
  #saidFrom = 0;
  #uselessNotes: Turn[] = [];
  readonly #calls = new Map<string, CallRecord>();
  readonly #results = new Map<string, ToolResult>();
  readonly #given = new Map<string, string>();

  constructor(request: string, attempt: number) {
    this.#request = request.toWellFormed();
    this.#attempt = attempt;
  }

  /** Rejects with TerminalError `CheckpointLost` when a turn or result is missing or altered [bad-input 42]. */
  static async load(task: StoredTask, request: string, blobs: Blobs): Promise<Transcript> {
    const transcript = new Transcript(request, task.record.attempt);
    const turns = await Promise.all(task.turnItems.map((item) => readTurn(parseTurn(item), blobs)));
    for (const { turn, given } of turns) {
      if (turn.record.n !== transcript.turnsSaved + 1)
        throw checkpointLost(`turn ${transcript.turnsSaved + 1} is missing`);
      transcript.addTurn(turn, given);
    }
    for (const item of task.callItems) {
      const call = parseCall(item);
      const content = call.result === undefined ? undefined : await readValue(blobs, call.result.content);
      transcript.addCall(call, content);
    }
    return transcript;
  }

  /** All turns that went on with the task. */
  get turns(): readonly Turn[] {
    return this.#turns;
  }

  get last(): Turn | undefined {
    return this.#turns.at(-1);
  }

  /** Those of `turns` that the model is still shown (T4). */
  get said(): readonly Turn[] {
    return this.#turns.slice(this.#saidFrom);
  }

  /** The turns of this attempt that were asked for notes and brought none, since anything else was said. */
  get uselessNotes(): readonly Turn[] {
    return this.#uselessNotes;
  }

  get saved(): readonly TurnRecord[] {
    return this.#saved;
  }

  get turnsSaved(): number {
    return this.#saved.length;
  }

  /** `given`: the handoff results that the turn was told, which belong to the turn before it. */
  addTurn(turn: Turn, given: readonly GivenResult[]): void {
    this.giveResults(given);
    this.#saved.push(turn.record);
    const isOfThisAttempt = turn.record.attempt >= this.#attempt;
    if (turn.restart !== undefined) {
      this.#restart = turn.restart;
      this.#saidFrom = this.#turns.length;
      this.#uselessNotes = [];
    } else if (turn.record.notes !== undefined) {
      if (isOfThisAttempt) this.#uselessNotes.push(turn);
    } else if (isOfThisAttempt || !endsAttempt(turn)) {
      // P14: an attempt keeps the work of those before it, but not what ended them, or would have.
      this.#turns.push(turn);
      this.#uselessNotes = [];
    }
  }

  /** Results of the handoffs of the last turn. */
  giveResults(given: readonly GivenResult[]): void {
    for (const { callId, content } of given) this.#given.set(`${this.last?.record.n}|${callId}`, content);
  }

  addCall(call: CallRecord, content: string | undefined): void {
    this.#calls.set(`${call.turn}.${call.index}`, call);
    if (call.result !== undefined && content !== undefined) {
      this.#results.set(`${call.turn}.${call.index}`, { content, isError: call.result.isError });
    }
  }

  callOf(turn: Turn, index: number): CallRecord | undefined {
    return this.#calls.get(`${turn.record.n}.${index}`);
  }

  resultOf(turn: Turn, index: number): ToolResult | undefined {
    const given = this.#given.get(`${turn.record.n}|${turn.toolUses[index]?.id}`);
    const recorded = this.#results.get(`${turn.record.n}.${index}`);
    return recorded ?? (given === undefined ? undefined : { content: given, isError: false });
  }

  isAnswered(turn: Turn): boolean {
    return turn.toolUses.every((_, index) => this.resultOf(turn, index) !== undefined);
  }

  /** Whether the next turn may be given a notice: the model knows of none, and it is the user's to speak. */
  get canBeTold(): boolean {
    if (this.said.some(({ record }) => record.notice !== undefined)) return false;
    return this.last === undefined || this.#messagesOf(this.last).at(-1)?.role === "user";
  }

  /**
   * The conversation as the next model call gets it; all calls must have been answered (T2). A notice
   * ends the user's message before the turn that stored it, or, for the next turn, the last message.
   */
  messages(notice?: string): ModelMessage[] {
    const messages: ModelMessage[] = [this.#opening()];
    for (const turn of this.said) {
      addNotice(messages, turn.record.notice);
      messages.push(...this.#messagesOf(turn));
    }
    addNotice(messages, notice);
    return messages;
  }

  #opening(): ModelMessage {
    if (this.#restart === undefined) return { role: "user", content: this.#request };
    const texts = [this.#request, this.#restart];
    return { role: "user", content: texts.map((text) => ({ type: "text", text })) };
  }

  #messagesOf(turn: Turn): ModelMessage[] {
    const said: ModelMessage = { role: "assistant", content: turn.content.map(sendable) };
    if (turn.toolUses.length > 0) {
      return [
        said,
        { role: "user", content: turn.toolUses.map((use, index) => this.#block(turn, use, index)) },
      ];
    }
    // A turn without calls goes on only when its answer is to be repaired, or the provider paused it.
    const repair = this.#results.get(`${turn.record.n}.0`);
    return repair === undefined ? [said] : [said, { role: "user", content: repair.content }];
  }

  #block(turn: Turn, use: ToolUseBlock, index: number): ToolResultBlock {
    const result = this.resultOf(turn, index);
    assert(result !== undefined, "T2: a tool call without a result");
    const { content, isError } = result;
    return { type: "tool_result", tool_use_id: use.id, content, ...(isError ? { is_error: true } : {}) };
  }
}

const addNotice = (messages: ModelMessage[], notice: string | undefined): void => {
  const last = messages.at(-1);
  if (notice === undefined || last === undefined) return;
  assert(last.role === "user", "T1: a notice where the model has just spoken");
  const { content } = last;
  messages[messages.length - 1] = {
    role: "user",
    content:
      typeof content === "string" ? `${content}\n\n${notice}` : [...content, { type: "text", text: notice }],
  };
};

/** The API takes objects only as a tool's input; everything else of a block goes back as it came. */
const sendable = (block: AssistantBlock): AssistantBlock => {
  if (!isToolUse(block) || isObject(block.input)) return block;
  return { ...block, input: {} };
};

const isObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);
