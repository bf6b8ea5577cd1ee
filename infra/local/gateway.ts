import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { APIGatewayProxyResult } from "aws-lambda";
import type { ChildFunction } from "./child-function.ts";
import { FunctionError } from "./function-settings.ts";
import { type Refusal, sendProblem } from "./gateway-problem.ts";
import { addressOf, BodyTooLarge, closeServer, listen, readBody } from "./http-server.ts";
import { toProxyEvent } from "./proxy-event.ts";
import { type Throttle, TokenBucket } from "./token-bucket.ts";

const MiB = 1024 * 1024;
/** A Lambda event is 6 MiB at most; 64 KiB of it are for headers and context. */
export const BODY_BYTES_MAX: number = 6 * MiB - 64 * 1024;

export interface GatewayOptions {
  readonly fn: Pick<ChildFunction, "invoke">;
  /** 0: any free one. */
  readonly port: number;
  /** Key by id; anyone may call when there are none. */
  readonly apiKeys: Readonly<Record<string, string>>;
  readonly throttle: Throttle;
  /** Requests in progress, long polls included. */
  readonly concurrencyMax: number;
  readonly log?: ((source: string, line: string) => void) | undefined;
}

/**
 * The HTTP side of the api function, as API Gateway is on AWS.
 *
 *   G1. A request that is refused here costs no invocation: no key, too fast, too large, too many.
 *   G2. Every request is answered, also when the function crashes, hangs or answers nonsense.
 *   G3. A key is compared in constant time and goes no further.
 */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #keys: readonly (readonly [id: string, hash: Buffer])[];
  readonly #bucket: TokenBucket;
  readonly #open = new Map<ServerResponse, string>();
  readonly #server: Server = createServer((request, response) => {
    void this.#serve(request, response);
  });
  #isStopping = false;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#keys = Object.entries(options.apiKeys).map(([id, key]) => [id, sha256(key)]);
    this.#bucket = new TokenBucket(options.throttle, performance.now());
  }

  /** Rejects with EADDRINUSE when the port is taken. */
  start(): Promise<void> {
    return listen(this.#server, this.#options.port);
  }

  get url(): string {
    return `http://${addressOf(this.#server)}`;
  }

  /**
   * Accepts nothing more. Who waits for something to happen is told to come again (G2); who wants
   * something done gets `graceMs` to see it done.
   */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    const open = [...this.#open.keys()];
    const isReading = ({ req }: ServerResponse): boolean => req.method === "GET" || req.method === "HEAD";
    this.#dismiss(open.filter(isReading));
    const timer = setTimeout(() => this.#dismiss(open), graceMs);
    await Promise.all(open.map(closed));
    clearTimeout(timer);
    await closeServer(this.#server);
  }

  #dismiss(responses: readonly ServerResponse[]): void {
    for (const response of responses) sendProblem(response, STOPPING, this.#open.get(response) ?? "");
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomUUID();
    this.#open.set(response, requestId);
    response.on("close", () => this.#open.delete(response));
    try {
      const apiKeyId = this.#keyIdOf(request);
      const refusal = apiKeyId === undefined ? NO_KEY : this.#refusalOf();
      if (refusal !== undefined) {
        request.resume();
        return sendProblem(response, refusal, requestId);
      }
      const body = await readBody(request, BODY_BYTES_MAX);
      const event = toProxyEvent(request, body, {
        requestId,
        receivedAt: Date.now(),
        apiKeyId: apiKeyId ?? null,
      });
      send(response, await this.#options.fn.invoke(JSON.stringify(event)), requestId);
    } catch (error) {
      sendProblem(response, this.#refusalFor(error, requestId), requestId);
    }
  }

  #refusalOf(): Refusal | undefined {
    if (this.#isStopping) return STOPPING;
    if (this.#open.size > this.#options.concurrencyMax) return tooMany(this.#options.concurrencyMax);
    const waitSeconds = this.#bucket.take(performance.now());
    return waitSeconds === 0 ? undefined : tooFast(this.#options.throttle, waitSeconds);
  }

  /** `undefined`: not admitted; `null`: the gateway asks for no key. */
  #keyIdOf(request: IncomingMessage): string | null | undefined {
    if (this.#keys.length === 0) return null;
    const given = request.headers["x-api-key"];
    if (typeof given !== "string") return undefined;
    const hash = sha256(given);
    return this.#keys.find(([, key]) => timingSafeEqual(key, hash))?.[0];
  }

  #refusalFor(error: unknown, requestId: string): Refusal {
    if (error instanceof BodyTooLarge) return TOO_LARGE;
    if (this.#isStopping) return STOPPING;
    const type = error instanceof FunctionError ? error.errorType : "Gateway";
    this.#options.log?.("gateway", `request ${requestId} failed: ${type}: ${String(error)}`);
    return type === "Sandbox.Timedout" ? TIMED_OUT : CRASHED;
  }
}

/** Throws on anything that is not a proxy response. */
const send = (response: ServerResponse, result: Buffer, requestId: string): void => {
  const { statusCode, headers, multiValueHeaders, body, isBase64Encoded } = JSON.parse(
    result.toString(),
  ) as APIGatewayProxyResult;
  const bytes = Buffer.from(body ?? "", isBase64Encoded === true ? "base64" : "utf8");
  if (response.headersSent || response.destroyed) return;
  for (const [name, value] of Object.entries({ ...headers, ...multiValueHeaders })) {
    response.setHeader(name, Array.isArray(value) ? value.map(String) : String(value));
  }
  response.setHeader("x-amzn-requestid", requestId);
  if (statusCode !== 204 && statusCode !== 304) response.setHeader("content-length", bytes.byteLength);
  response.writeHead(statusCode);
  response.end(bytes);
};

const closed = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    if (response.writableFinished || response.destroyed) resolve();
    else response.on("close", resolve);
  });

const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();

const NO_KEY: Refusal = { code: "FORBIDDEN", detail: "send the key as the header x-api-key" };
const STOPPING: Refusal = {
  code: "UNAVAILABLE",
  detail: "the host is stopping; what was accepted goes on when it starts again",
  retryAfterSeconds: 2,
  endsConnection: true,
};
const TOO_LARGE: Refusal = {
  code: "INPUT_TOO_LARGE",
  detail: `the gateway takes bodies of up to ${BODY_BYTES_MAX} bytes`,
  endsConnection: true,
};
const CRASHED: Refusal = { code: "BAD_GATEWAY", detail: "nothing was lost; the host's log has the reason" };
const TIMED_OUT: Refusal = { code: "GATEWAY_TIMEOUT", detail: "there was no answer within 29 seconds" };

const tooFast = ({ ratePerSecond, burst }: Throttle, waitSeconds: number): Refusal => ({
  code: "TOO_MANY_REQUESTS",
  detail: `the limit is ${ratePerSecond} requests per second after a burst of ${burst}`,
  retryAfterSeconds: waitSeconds,
});

const tooMany = (concurrencyMax: number): Refusal => ({
  code: "TOO_MANY_REQUESTS",
  detail: `${concurrencyMax} requests are in progress, which is as many as the gateway holds`,
  retryAfterSeconds: 1,
});
