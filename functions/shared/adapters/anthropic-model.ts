import { Stream } from "@anthropic-ai/sdk/core/streaming";
import { defaultModelOf } from "../contracts/default-model.ts";
import { LIMITS } from "../contracts/limits.ts";
import { NO_USAGE, type Usage } from "../contracts/usage.ts";
import type { Clock } from "../ports/clock.ts";
import type { Estimate, Model, ModelRequest, ModelTurn } from "../ports/model.ts";
import { type CallFacts, rejected, toModelError, unavailable } from "./anthropic-failure.ts";
import { MessageAssembler } from "./anthropic-message.ts";
import { messagesBody, promptTokensAtMost } from "./anthropic-request.ts";
import { CallWatchdog } from "./anthropic-watchdog.ts";
import { contextTokensOf } from "./context-tokens.ts";
import { costMicroUsd, priceOf } from "./price-table.ts";
import { type ConnectionOptions, createConnector, misconfigured } from "./provider-connection.ts";
import { PROVIDER_FLAGS } from "./provider-flags.ts";
import { systemClock } from "./system-clock.ts";

export interface AnthropicModelOptions extends ConnectionOptions {
  /** Default: the provider's own, see contracts/default-model.ts. */
  readonly model?: string;
  readonly clock?: Clock;
  /** How long the provider may be silent, headers included. */
  readonly idleMs?: number;
  /** How long one call may take in all. */
  readonly callMs?: number;
  /** The most that this endpoint may be asked for; the lower of this and the request's wins. */
  readonly maxTokens?: number;
}

/**
 * A provider that speaks the Messages API, streamed.
 *
 * I1. A whole message is returned, whatever happens after its `message_stop`; half a one never is.
 * I2. One call is one HTTP request: retrying is the coordinator's business.
 * I3. A call counts as paid, in `usage` and in an error's `used`, from `message_start` on. Where
 *     the provider reports no tokens, an upper bound is presumed, never 0.
 * I4. No error, message or log holds the key.
 */
export const createAnthropicModel = (options: AnthropicModelOptions): Model => {
  const { clock = systemClock, idleMs = LIMITS.modelIdleMsMax, callMs = LIMITS.modelCallMsMax } = options;
  const flags = PROVIDER_FLAGS[options.provider];
  const model = options.model ?? defaultModelOf(options.provider);
  const connect = createConnector(options, callMs);

  const maxTokensOf = (request: ModelRequest): number =>
    Math.min(request.maxTokens, options.maxTokens ?? request.maxTokens);

  const priced = (usage: Omit<Usage, "microUsd">): Usage => ({
    ...usage,
    microUsd: costMicroUsd(usage, model === undefined ? null : priceOf(model, clock.now())),
  });

  return {
    contextTokens: contextTokensOf(model, clock.now()),

    estimate(request: ModelRequest): Estimate {
      const promptTokens = promptTokensAtMost(request);
      const outputTokens = maxTokensOf(request);
      // The dearest that a prompt token can be is one that is written to the cache.
      const { microUsd } = priced({ ...NO_USAGE, cacheWriteTokens: promptTokens, outputTokens });
      return { tokens: promptTokens + outputTokens, microUsd };
    },

    async call(request: ModelRequest, signal: AbortSignal): Promise<ModelTurn> {
      signal.throwIfAborted();
      if (model === undefined)
        throw misconfigured(`provider ${options.provider} has no default model; name one`);
      const { secret, client } = await connect();
      const answerSchema = flags.structuredOutput ? await heldSchema(request) : undefined;
      const message = new MessageAssembler();
      const facts = (): CallFacts => ({ secret, used: priced(usageOf(message, request)), now: clock.now() });
      const watchdog = new CallWatchdog({ clock, idleMs, callMs, caller: signal });
      let requestId: string | null = null;
      try {
        const response = await client
          .post("/v1/messages", {
            body: messagesBody(request, { ...flags, model, maxTokens: maxTokensOf(request), answerSchema }),
            stream: true,
            signal: watchdog.signal,
          })
          .asResponse();
        requestId = response.headers.get("request-id");
        requireEventStream(response, facts());
        for await (const { data } of Stream.rawEvents(response)) {
          watchdog.signOfLife();
          if (data !== "") message.take(data);
          if (message.isComplete) watchdog.linger();
        }
      } catch (error) {
        if (!message.isComplete) throw causeOf(watchdog, error, facts());
      } finally {
        watchdog.stop();
      }
      if (!message.isComplete) {
        throw causeOf(
          watchdog,
          unavailable("the provider's stream ended without message_stop", facts()),
          facts(),
        );
      }
      return {
        content: message.content(),
        stopReason: message.stopReason,
        usage: facts().used,
        model: message.model ?? model,
        requestId,
      };
    },
  };
};

/** Loaded by agents whose answer is JSON, which few are. */
const heldSchema = async ({ answerSchema }: ModelRequest): Promise<object | undefined> => {
  if (answerSchema === undefined) return undefined;
  const { structuredSchema } = await import("./structured-output.ts");
  return structuredSchema(answerSchema);
};

const requireEventStream = (response: Response, facts: CallFacts): void => {
  const type = response.headers.get("content-type") ?? "nothing";
  if (type.startsWith("text/event-stream")) return;
  throw rejected(
    "the endpoint answered with something else than an event stream; check the base URL",
    type,
    facts,
  );
};

/** What ended the call: the caller (its own reason), the watchdog, or what was thrown. */
const causeOf = ({ verdict }: CallWatchdog, error: unknown, facts: CallFacts): unknown => {
  if (verdict === undefined) return toModelError(error, facts);
  return verdict.by === "caller" ? verdict.reason : unavailable(verdict.message, facts);
};

/** I3. A prompt of no tokens at all is a report left out: then the bound stands in for it. */
const usageOf = (message: MessageAssembler, request: ModelRequest): Omit<Usage, "microUsd"> => {
  if (!message.isStarted) return NO_USAGE;
  const { input = 0, output = 0, cacheRead = 0, cacheWrite = 0 } = message.usage;
  const received = Math.ceil(message.receivedCharacters / 2.5);
  return {
    calls: 1,
    inputTokens: input + cacheRead + cacheWrite === 0 ? promptTokensAtMost(request) : input,
    outputTokens: message.isComplete && output > 0 ? output : Math.max(output, received),
    cacheReadTokens: cacheRead,
    cacheWriteTokens: cacheWrite,
  };
};
