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
  readonly #exchange: Exchange;

  constructor(server: ToolServer, credential: string | undefined) {
    const exchange = new Exchange(server.name);
    super(new URL(server.url), {
      requestInit: { redirect: "error", headers: headersOf(server, credential) },
      fetch: (url, init) => exchange.fetch(url, init),
      reconnectionOptions: {
        maxRetries: 0,
        initialReconnectionDelay: 1_000,
        maxReconnectionDelay: 1_000,
        reconnectionDelayGrowFactor: 1,
      },
    });
    this.#exchange = exchange;
  }

  /** Runs one request, and rejects with RetryableError when its answer is cut or too large. */
  watch<Answer>(signal: AbortSignal, request: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    return this.#exchange.watch(signal, request);
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
  // A function may be frozen between two requests; what it would find then is a dead connection.
  const headers = { connection: "close" };
  if (server.auth === undefined || credential === undefined) return headers;
  return server.auth === "bearer"
    ? { ...headers, authorization: `Bearer ${credential}` }
    : { ...headers, [server.auth.header]: credential };
};

/** One request at a time, which may take several of HTTP's: the last begun is the one that is not yet answered. */
class Exchange {
  readonly #server: string;
  #fate = new AbortController();
  #last = { fate: this.#fate };
  #timer: NodeJS.Timeout | undefined;

  constructor(server: string) {
    this.#server = server;
  }

  async watch<Answer>(
    signal: AbortSignal,
    request: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    const fate = new AbortController();
    this.#fate = fate;
    try {
      return await request(AbortSignal.any([signal, fate.signal]));
    } catch (error) {
      if (fate.signal.aborted && !signal.aborted) throw fate.signal.reason;
      throw error;
    } finally {
      clearTimeout(this.#timer);
    }
  }

  async fetch(url: string | URL, init: RequestInit | undefined): Promise<Response> {
    if (init?.method === "GET") return new Response(null, { status: 405 });
    const own = { fate: this.#fate };
    this.#last = own;
    clearTimeout(this.#timer);
    const response = await fetch(url, init);
    if (response.body === null) return response;
    let bytes = 0;
    const limited = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => {
          bytes += chunk.byteLength;
          if (bytes <= LIMITS.servedBodyBytesMax) return controller.enqueue(chunk);
          this.#end(own, `answered with more than ${LIMITS.servedBodyBytesMax} bytes; ask for less`);
          controller.terminate();
        },
        flush: () => {
          if (own !== this.#last) return;
          const why = "ended without an answer; what was asked for may have been done";
          this.#timer = setTimeout(() => this.#end(own, why), LAST_EVENT_MS).unref();
        },
      }),
    );
    const { status, statusText, headers } = response;
    return new Response(limited, { status, statusText, headers });
  }

  #end(own: { readonly fate: AbortController }, why: string): void {
    if (own !== this.#last) return;
    own.fate.abort(new RetryableError("ToolServerUnavailable", `the MCP server "${this.#server}" ${why}`));
  }
}
