import { BaseAnthropic } from "@anthropic-ai/sdk/client";

/**
 * The SDK's transport without its resources: of 1.2 MB of client only a fifth is bundled. The
 * body goes through `post` and not through `Messages`, which warns on the console, parses the
 * stream itself and fails a whole turn over one malformed tool input.
 */
class SlimClient extends BaseAnthropic {}

/** A connection of one agent, with one key. It retries nothing, logs nothing and traces nothing. */
export const createSlimClient = (options: {
  readonly key: string;
  readonly baseUrl: string;
  readonly apiVersion: string;
  readonly timeoutMs: number;
}): BaseAnthropic =>
  new SlimClient({
    // The SDK sends it as `Authorization: Bearer`; given in code, it is the only credential looked at.
    apiKey: options.key,
    baseURL: options.baseUrl.replace(/\/+$/, ""),
    timeout: options.timeoutMs,
    maxRetries: 0,
    logLevel: "off",
    openTelemetry: false,
    defaultHeaders: { "anthropic-version": options.apiVersion },
    // A redirect would carry prompt and key to a host that nobody configured.
    fetchOptions: { redirect: "manual" },
  });
