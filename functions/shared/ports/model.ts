import type { AssistantBlock, ModelMessage, ToolSchema } from "../contracts/model-message.ts";
import type { Usage } from "../contracts/usage.ts";

export interface ModelRequest {
  readonly system: string;
  readonly tools: readonly ToolSchema[];
  readonly messages: readonly ModelMessage[];
  readonly maxTokens: number;
  /** JSON schema that the answer has to fit; a provider that can holds the model to it. */
  readonly answerSchema?: Readonly<Record<string, unknown>>;
}

export interface ModelTurn {
  /** Exactly as the provider sent them; store them verbatim. */
  readonly content: readonly AssistantBlock[];
  /** `end_turn`, `tool_use`, `max_tokens`, `refusal`, `stop_sequence`, or a word we do not know. */
  readonly stopReason: string | null;
  readonly usage: Usage;
  readonly model: string;
  readonly requestId: string | null;
}

/** An upper bound of what one call can cost; `microUsd` is `null` when the price is unknown. */
export interface Estimate {
  readonly tokens: number;
  readonly microUsd: number | null;
}

/** One agent's own connection to its provider. */
export interface Model {
  /** How long a conversation may become, in tokens, before going on with notes of it is better. */
  readonly contextTokens: number;
  estimate(request: ModelRequest): Estimate;
  /**
   * One turn. Rejects with a RetryableModelError for what may pass (429, 5xx, broken or
   * silent streams) or a TerminalModelError for what will not (400, 401, no key); it carries what was used up to then.
   * Rejects with the signal's reason when aborted. Never returns half a message.
   */
  call(request: ModelRequest, signal: AbortSignal): Promise<ModelTurn>;
}
