import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Environment } from "./environment.ts";
import { FunctionError } from "./function-settings.ts";
import { addressOf, closeServer, listen, readBody } from "./http-server.ts";

/** Lambda's bound for a synchronous response. */
const RESPONSE_BYTES_MAX = 6 * 1024 * 1024;

/**
 * The Lambda Runtime API, https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, for all
 * environments of the host: `/<environment>/2018-06-01/runtime/...`.
 */
export class RuntimeApi {
  readonly #environments = new Map<string, Environment>();
  readonly #server: Server = createServer((request, response) => {
    void this.#answer(request, response);
  });

  async start(): Promise<void> {
    this.#server.keepAliveTimeout = 0; // `next` waits as long as there is nothing to do
    this.#server.requestTimeout = 0;
    await listen(this.#server, 0);
  }

  /** `host:port`, without a scheme, as AWS_LAMBDA_RUNTIME_API has it. */
  get address(): string {
    return addressOf(this.#server);
  }

  register(environment: Environment): void {
    this.#environments.set(environment.id, environment);
    void environment.ended.then(() => this.#environments.delete(environment.id));
  }

  stop(): Promise<void> {
    return closeServer(this.#server);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, id = "", , , kind, requestId = "", outcome] = (request.url ?? "").split("/");
    const environment = this.#environments.get(id);
    if (environment === undefined) return void response.writeHead(404).end();
    if (request.method === "GET") return environment.offerSlot(response);

    const body = await readBody(request, RESPONSE_BYTES_MAX).catch(() => undefined);
    request.resume(); // what is left of a body that was too large
    response.writeHead(202, { "content-length": 0 }).end();
    if (kind === "init") environment.failToStart(errorOf(body));
    else environment.settle(requestId, outcome === "response" && body !== undefined ? body : errorOf(body));
  }
}

const errorOf = (body: Buffer | undefined): FunctionError => {
  if (body === undefined) {
    return new FunctionError("Function.ResponseSizeTooLarge", "the response is over 6 MiB");
  }
  try {
    const { errorType, errorMessage } = JSON.parse(body.toString()) as Record<string, unknown>;
    return new FunctionError(String(errorType), String(errorMessage).slice(0, 1_000));
  } catch {
    return new FunctionError("Runtime.Unknown", "the function reported an error that is not JSON");
  }
};
