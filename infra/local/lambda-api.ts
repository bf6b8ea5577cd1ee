import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { ChildFunction } from "./child-function.ts";
import { FunctionError } from "./function-settings.ts";
import { addressOf, BodyTooLarge, closeServer, listen, readBody } from "./http-server.ts";

/** Lambda's bound for a synchronous request. */
const REQUEST_BYTES_MAX = 6 * 1024 * 1024;
const INVOKE = /^\/2015-03-31\/functions\/([\w-]+)\/invocations$/;

type Invocable = Pick<ChildFunction, "invoke"> & { readonly settings: { readonly name: string } };

/**
 * Lambda's Invoke operation, for the functions that are invoked directly.
 *
 *   L1. Only what was offered can be invoked; to its callers, every other function does not exist.
 *   L2. A function that fails is answered with 200 and `x-amz-function-error`, as on AWS: whether that is
 *       worth another try is the caller's to judge.
 */
export class LambdaApi {
  readonly #functions = new Map<string, Invocable>();
  readonly #server: Server = createServer((request, response) => {
    void this.#answer(request, response);
  });

  async start(): Promise<void> {
    this.#server.keepAliveTimeout = 0; // a client that reuses a connection never meets its end
    await listen(this.#server, 0);
  }

  get url(): string {
    return `http://${addressOf(this.#server)}`;
  }

  offer(fn: Invocable): void {
    this.#functions.set(fn.settings.name, fn);
  }

  stop(): Promise<void> {
    return closeServer(this.#server);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = INVOKE.exec(request.url ?? "")?.[1] ?? "";
    const fn = request.method === "POST" ? this.#functions.get(name) : undefined;
    if (fn === undefined) {
      request.resume();
      return refuse(response, 404, "ResourceNotFoundException", `there is no function ${name.slice(0, 80)}`);
    }
    try {
      const body = await readBody(request, REQUEST_BYTES_MAX);
      const payload = await fn.invoke(body.byteLength === 0 ? "{}" : body.toString());
      send(response, 200, {}, payload);
    } catch (error) {
      if (error instanceof BodyTooLarge) {
        return refuse(response, 413, "RequestTooLargeException", "a request may have 6 MiB");
      }
      if (!(error instanceof FunctionError)) return void response.destroy();
      const { errorType, message: errorMessage } = error;
      const payload = JSON.stringify({ errorType, errorMessage });
      send(response, 200, { "x-amz-function-error": "Unhandled" }, Buffer.from(payload));
    }
  }
}

const send = (
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): void => {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": body.byteLength,
    ...headers,
  });
  response.end(body);
};

/** The body stays unread, so that the connection cannot be used again. */
const refuse = (response: ServerResponse, status: number, type: string, Message: string): void =>
  send(
    response,
    status,
    { "x-amzn-errortype": type, connection: "close" },
    Buffer.from(JSON.stringify({ Type: "User", Message })),
  );
