import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { EventView, type ExecutionView, Problem } from "../../../../functions/shared/contracts/api.ts";
import { execution, ID } from "./standard-execution.ts";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly key: string | undefined;
  /** What the caller knows already: its `If-None-Match`. */
  readonly tag: string | undefined;
  /** Its content type. */
  readonly type: string | undefined;
  readonly body: unknown;
}

export type Route = (request: Received) => { status?: number; type?: string; tag?: string; body?: unknown };

/** A server that answers as a test says, and remembers what it was asked. Gone when the test ends. */
export const startFakeApi = async (
  routes: Readonly<Record<string, Route>>,
): Promise<{ url: string; received: Received[] }> => {
  const received: Received[] = [];
  const server = createServer(async (incoming, response) => {
    const request = await read(incoming);
    received.push(request);
    const route = routes[`${request.method} ${request.path}`];
    const {
      status = 200,
      type = "application/json",
      tag,
      body = "",
    } = (route?.(request) ?? problem(404, "ROUTE_NOT_FOUND", "no")) as ReturnType<Route>;
    response.writeHead(status, { "content-type": type, ...(tag !== undefined && { etag: tag }) });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
};

const read = async (incoming: IncomingMessage): Promise<Received> => {
  const url = new URL(incoming.url ?? "/", "http://fake");
  let text = "";
  for await (const chunk of incoming) text += String(chunk);
  const key = incoming.headers["x-api-key"];
  return {
    method: incoming.method ?? "",
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    key: typeof key === "string" ? key : undefined,
    tag: incoming.headers["if-none-match"],
    type: incoming.headers["content-type"],
    body: text === "" ? undefined : JSON.parse(text),
  };
};

export const problem = (status: number, code: string, detail: string) => ({
  status,
  type: "application/problem+json",
  body: Problem.parse({ type: "about:blank", title: code, status, code, detail, requestId: "r-1" }),
});

export const healthy: Route = () => ({ body: { status: "ok", scripted: false } });

/** An API with one execution that goes through the given events as they are asked for. */
export const startExecutionApi = (
  events: readonly EventView[],
  last: ExecutionView,
  more: Readonly<Record<string, Route>> = {},
) => {
  const pageOf = (after: number): EventView[] => events.filter(({ n }) => n > after).slice(0, 4);
  return startFakeApi({
    "GET /health": healthy,
    "GET /executions": () => ({ body: { executions: [last] } }),
    "POST /executions": () => ({ status: 202, body: { executionId: ID, status: "RUNNING" } }),
    [`GET /executions/${ID}`]: ({ query }) => ({ body: query["wait"] === undefined ? last : execution() }),
    [`GET /executions/${ID}/history`]: ({ query }) => {
      const page = pageOf(Number(query["after"]));
      const isAll = page.at(-1)?.n === events.at(-1)?.n;
      return {
        body: {
          status: isAll ? last.status : "RUNNING",
          events: page.map((event) => EventView.parse(event)),
          ...(isAll ? {} : { more: true }),
        },
      };
    },
    ...more,
  });
};
