import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { createApiClient } from "../../../../infra/cli/api-client.ts";
import { ApiError, UnreachableError } from "../../../../infra/cli/errors.ts";
import { healthy, problem, startFakeApi } from "./fake-api.ts";
import { finished, ID } from "./standard-execution.ts";

const failure = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );

test("an answer of the API comes back parsed, and the key travels with the request", async () => {
  const { url, received } = await startFakeApi({ "GET /health": healthy });
  const api = createApiClient({ url: `${url}/`, key: "k-1" });
  expect(await api.health()).toEqual({ status: "ok", scripted: false });
  expect(received).toMatchObject([{ path: "/health", key: "k-1" }]);
});

test("an API below a path, as a gateway's stage is, is found", async () => {
  const { url } = await startFakeApi({ "GET /prod/health": healthy });
  expect(await createApiClient({ url: `${url}/prod/` }).health()).toMatchObject({ status: "ok" });
});

test("a problem becomes an ApiError with its own sentence and code", async () => {
  const { url } = await startFakeApi({
    [`GET /executions/${ID}`]: () => problem(404, "EXECUTION_NOT_FOUND", "there is no such execution"),
  });
  const error = await failure(createApiClient({ url }).execution(ID));
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ message: "there is no such execution (EXECUTION_NOT_FOUND)", exitCode: 1 });
});

test.for([401, 403])("a gateway's %i says what to do about the key", async (status) => {
  const { url } = await startFakeApi({
    "GET /agents": () => ({ status, body: { message: "Forbidden" } }),
  });
  expect(await failure(createApiClient({ url }).agents())).toMatchObject({
    message: `${url} answers ${status}: Forbidden`,
    hint: "--key KEY or BULKHEAD_KEY gives the API key",
  });
});

/** An address of this machine at which nobody listens any longer. */
const deserted = async (): Promise<string> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}`;
};

test("a refused connection names the address and the command that starts a host", async () => {
  const url = await deserted();
  const error = await failure(createApiClient({ url }).health());
  expect(error).toBeInstanceOf(UnreachableError);
  expect(error).toMatchObject({
    message: `${url} refuses the connection: nothing listens there`,
    hint: expect.stringContaining("npm run bulkhead -- up"),
  });
});

test("an address that cannot be asked at all says why", async () => {
  expect(await failure(createApiClient({ url: "http://127.0.0.1:9" }).health())).toMatchObject({
    message: "http://127.0.0.1:9 cannot be reached (bad port)",
  });
});

test("what is sent is JSON, and what only asks has no body", async () => {
  const { url, received } = await startFakeApi({ "GET /health": healthy });
  await createApiClient({ url }).health();
  await failure(createApiClient({ url }).start({ input: "x" }));
  expect(received.map(({ type, body }) => [type, body])).toEqual([
    [undefined, undefined],
    ["application/json", { input: "x" }],
  ]);
});

test.for(["<html>hello</html>", { hello: "world" }])(
  "an answer of another program is no crash: %j",
  async (body) => {
    const { url } = await startFakeApi({ "GET /health": () => ({ body }) });
    expect(await failure(createApiClient({ url }).health())).toMatchObject({
      name: "CliError",
      message: `${url} does not answer as this version's API does`,
    });
  },
);

test("a look that knows a tag gives nothing when nothing has changed", async () => {
  const { url, received } = await startFakeApi({
    [`GET /executions/${ID}`]: ({ tag }) =>
      tag === 'W/"2"' ? { status: 304, tag: 'W/"2"' } : { tag: 'W/"2"', body: finished },
  });
  const api = createApiClient({ url });
  expect(await api.executionSince(ID, undefined)).toEqual({ view: finished, tag: 'W/"2"' });
  expect(await api.executionSince(ID, 'W/"2"', { waitSeconds: 5 })).toEqual({
    view: undefined,
    tag: 'W/"2"',
  });
  expect(received.map(({ tag, query }) => [tag, query["wait"]])).toEqual([
    [undefined, undefined],
    ['W/"2"', "5"],
  ]);
});

test("a path of a file is escaped into the query", async () => {
  const { url, received } = await startFakeApi({});
  await failure(createApiClient({ url }).file(ID, "a b/ü&x.ts"));
  expect(received[0]).toMatchObject({ path: `/executions/${ID}/files`, query: { path: "a b/ü&x.ts" } });
});

test("an aborted wait rejects with the reason it was given", async () => {
  const { url } = await startFakeApi({});
  const reason = new Error("enough");
  expect(
    await failure(
      createApiClient({ url }).execution(ID, { waitSeconds: 1, signal: AbortSignal.abort(reason) }),
    ),
  ).toBe(reason);
});
