import { StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { LIMITS } from "../contracts/limits.ts";
import { RetryableError } from "../kernel/errors.ts";
import type { ToolServer } from "../ports/tool-servers.ts";

/** The last event of a stream is still on its way when the stream has ended. */
const LAST_EVENT_MS = 250;
const END_SESSION_MS = 2_000;

/**
 * The SDK's transport, within our limits: it follows no redirect, so that the credential stays where
 * it was sent; it opens no stream for what a server says unasked, which we would not listen to; and an
 * answer that grows too large or is cut ends the request at once, for which the SDK waits in silence.
 */
export class McpTransport extends StreamableHTTPClientTransport {
  readonly #fate: { end: (why: RetryableError) => void };

  constructor(server: ToolServer, credential: string | undefined) {
    const fate = { end: (_: RetryableError): void => {} };
    super(new URL(server.url), {
      requestInit: { redirect: "error", headers: headersOf(server, credential) },
      fetch: (url, init) => limitedFetch(url, init, server.name, (why) => fate.end(why)),
      reconnectionOptions: {
        maxRetries: 0,
        initialReconnectionDelay: 1_000,
        maxReconnectionDelay: 1_000,
        reconnectionDelayGrowFactor: 1,
      },
    });
    this.#fate = fate;
  }

  /** Runs one request, and rejects with RetryableError when its answer is cut or too large. */
  async watch<Answer>(
    signal: AbortSignal,
    request: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    const fate = new AbortController();
    this.#fate.end = (why) => fate.abort(why);
    try {
      return await request(AbortSignal.any([signal, fate.signal]));
    } catch (error) {
      if (fate.signal.aborted && !signal.aborted) throw fate.signal.reason;
      throw error;
    } finally {
      this.#fate.end = () => {};
    }
  }

  /** Tells a server that keeps sessions that this one is over; whether it hears it does not matter. */
  async endSession(): Promise<void> {
    if (this.sessionId === undefined) return;
    await Promise.race([
      this.terminateSession().catch(() => {}),
      new Promise((resolve) => setTimeout(resolve, END_SESSION_MS).unref()),
    ]);
  }
}

const headersOf = (server: ToolServer, credential: string | undefined): Record<string, string> => {
  if (server.auth === undefined || credential === undefined) return {};
  return server.auth === "bearer"
    ? { authorization: `Bearer ${credential}` }
    : { [server.auth.header]: credential };
};

const limitedFetch = async (
  url: string | URL,
  init: RequestInit | undefined,
  server: string,
  end: (why: RetryableError) => void,
): Promise<Response> => {
  if (init?.method === "GET") return new Response(null, { status: 405 });
  const response = await fetch(url, init);
  if (response.body === null) return response;
  let bytes = 0;
  const limited = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        bytes += chunk.byteLength;
        if (bytes <= LIMITS.servedBodyBytesMax) return controller.enqueue(chunk);
        const why = new RetryableError(
          "ToolServerUnavailable",
          `the MCP server "${server}" answered with more than ${LIMITS.servedBodyBytesMax} bytes; ask for less`,
        );
        controller.error(why);
        end(why);
      },
      flush: () => {
        setTimeout(() => {
          end(
            new RetryableError(
              "ToolServerUnavailable",
              `the MCP server "${server}" ended without an answer; what was asked for may have been done`,
            ),
          );
        }, LAST_EVENT_MS).unref();
      },
    }),
  );
  const { status, statusText, headers } = response;
  return new Response(limited, { status, statusText, headers });
};
