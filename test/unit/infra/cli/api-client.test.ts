import { expect, test } from "vitest";
import { createApiClient } from "../../../../infra/cli/api-client.ts";
import { ApiError, type CliError, UnreachableError } from "../../../../infra/cli/errors.ts";
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

test("a gateway's refusal says what to do about the key", async () => {
  const { url } = await startFakeApi({
    "GET /agents": () => ({ status: 403, body: { message: "Forbidden" } }),
  });
  expect(await failure(createApiClient({ url }).agents())).toMatchObject({
    message: `${url} answers 403: Forbidden`,
    hint: "--key KEY or BULKHEAD_KEY gives the API key",
  });
});

test("a refused connection names the address and the command that starts a host", async () => {
  const error = await failure(createApiClient({ url: "http://127.0.0.1:9" }).health());
  expect(error).toBeInstanceOf(UnreachableError);
  expect((error as CliError).message).toContain("http://127.0.0.1:9 ");
  expect((error as CliError).hint).toContain("npm run bulkhead -- up");
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
