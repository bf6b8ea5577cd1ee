import type { Fault } from "./faults.ts";

/** One tool call that the scripted model asks for. */
export interface Call {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** What the scripted model answers to one request. */
export interface Turn {
  readonly text?: string;
  readonly thinking?: string;
  readonly calls?: readonly Call[];
  /** Time before the content; default: the server's `latencyMs`. */
  readonly latencyMs?: number;
  /** Default: `tool_use` with calls, `end_turn` without. */
  readonly stopReason?: string;
  /** Overrides single counts; `null` leaves usage out altogether, as some providers do. */
  readonly usage?: Readonly<Record<string, number>> | null;
  /** One for each request of this conversation's turn, in order; then the turn is answered. */
  readonly faults?: readonly Fault[];
}

export interface ToolResult {
  /** The tool's name. */
  readonly tool: string;
  readonly content: string;
  readonly isError: boolean;
}

/** What a turn may depend on. */
export interface TurnContext {
  readonly agent: string;
  /** From 1: the number of assistant messages, plus one. */
  readonly turn: number;
  readonly firstUserText: string;
  /** What the last user message says beside tool results; the first one's text in turn 1. */
  readonly lastUserText: string;
  /** The results of the last turn's calls, in its order. */
  readonly lastToolResults: readonly ToolResult[];
  /** The results of any earlier turn's calls; empty when it made none. */
  toolResultsOf(turn: number): readonly ToolResult[];
  /** The conversation is about to be begun anew: this turn's text is all that will be left of it. */
  readonly isAskedForNotes: boolean;
  /** What this conversation began anew with. */
  readonly notes: string | undefined;
  /** The settings of the marker `[[name key=value ...]]`. */
  readonly settings: Readonly<Record<string, string>>;
  /** The marker as it was written, to hand on in a task. */
  readonly marker: string;
}

export type TurnSource = Turn | ((context: TurnContext) => Turn);

export interface Script {
  /** Kebab-case; chosen by `[[name]]` in the first user message. */
  readonly name: string;
  /** Per agent its turns in order, or one function that answers every turn. */
  readonly agents: Readonly<Record<string, readonly TurnSource[] | ((context: TurnContext) => Turn)>>;
}

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** Checks what types cannot; a script with a wrong name would never be chosen. */
export const defineScript = (script: Script): Script => {
  if (!NAME.test(script.name)) throw new Error(`script name is not kebab-case: ${script.name}`);
  return script;
};
