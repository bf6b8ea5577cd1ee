import { request } from "node:http";
import type { APIGatewayProxyEvent } from "aws-lambda";
import { afterEach, expect, test } from "vitest";
import { Problem } from "../../../../functions/shared/contracts/api.ts";
import { FunctionError } from "../../../../infra/local/function-settings.ts";
import { BODY_BYTES_MAX, Gateway, type GatewayOptions } from "../../../../infra/local/gateway.ts";
import { TokenBucket } from "../../../../infra/local/token-bucket.ts";

const gateways: Gateway[] = [];
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop(0)));
});

const start = async (
  answer: (event: APIGatewayProxyEvent) => unknown = () => ({ statusCode: 200, body: "ok" }),
  options: Partial<GatewayOptions> = {},
) => {
  const events: APIGatewayProxyEvent[] = [];
  const gateway = new Gateway({
    fn: {
      invoke: async (text) => {
        const event = JSON.parse(text) as APIGatewayProxyEvent;
        events.push(event);
        return Buffer.from(JSON.stringify(await answer(event)));
      },
    },
    port: 0,
    apiKeys: {},
    throttle: { ratePerSecond: 1_000, burst: 1_000 },
    concurrencyMax: 100,
    ...options,
  });
  gateways.push(gateway);
  await gateway.start();
  return { url: gateway.url, events, gateway };
};

const problemOf = async (response: Response): Promise<Problem> => {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = Problem.parse(await response.json());
  expect(problem.status).toBe(response.status);
  expect(response.headers.get("x-amzn-requestid")).toBe(problem.requestId);
  return problem;
};

test("a request becomes a REST proxy event of payload version 1", async () => {
  const { url, events } = await start();
  await fetch(`${url}/executions/A%20B?wait=25&tag=a&tag=b%26c`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": "k" },
    body: '{"input":"ö"}',
  });
  expect(events[0]).toMatchObject({
    resource: "/{proxy+}",
    path: "/executions/A%20B",
    httpMethod: "POST",
    headers: { "content-type": "application/json", "idempotency-key": "k" },
    queryStringParameters: { wait: "25", tag: "b&c" },
    multiValueQueryStringParameters: { wait: ["25"], tag: ["a", "b&c"] },
    stageVariables: null,
    body: '{"input":"ö"}',
    isBase64Encoded: false,
    requestContext: {
      stage: "local",
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      identity: { apiKeyId: null, sourceIp: "127.0.0.1" },
    },
  });
});

test("a request without query and body has null for both", async () => {
  const { url, events } = await start();
  await fetch(`${url}/health`);
  expect(events[0]).toMatchObject({
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    body: null,
  });
});

test("the function's status, headers and body are the response", async () => {
  const { url } = await start(() => ({
    statusCode: 202,
    headers: { location: "/executions/1" },
    multiValueHeaders: { "set-cookie": ["a=1", "b=2"] },
    body: Buffer.from("ö").toString("base64"),
    isBase64Encoded: true,
  }));
  const response = await fetch(url);
  expect(response.status).toBe(202);
  expect(response.headers.get("location")).toBe("/executions/1");
  expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  expect(await response.text()).toBe("ö");
});

test.each([
  [200, "2"],
  [204, null],
  [304, null],
])("a response of status %i announces a length of %s", async (statusCode, length) => {
  const { url } = await start(() => ({ statusCode, body: statusCode === 200 ? "ok" : "" }));
  const response = await fetch(url);
  expect(response.status).toBe(statusCode);
  expect(response.headers.get("content-length")).toBe(length);
});

test("the function is given the caller's headers and no others", async () => {
  const { url, events } = await start();
  await fetch(url, { headers: { "x-mine": "1" } });
  const { headers = {} } = events[0] ?? {};
  expect(headers).toMatchObject({ "x-mine": "1" });
  expect(Object.keys(headers)).not.toContain("");
});

test("G1: no key and a wrong key are refused without an invocation; the right one names its holder [bad-input 1]", async () => {
  const { url, events } = await start(undefined, { apiKeys: { alice: "key-of-alice", bob: "key-of-bob" } });
  expect((await problemOf(await fetch(url))).code).toBe("FORBIDDEN");
  expect((await problemOf(await fetch(url, { headers: { "x-api-key": "key-of-carol" } }))).status).toBe(403);
  expect(events).toHaveLength(0);
  expect((await fetch(url, { headers: { "x-api-key": "key-of-bob" } })).status).toBe(200);
  expect(events[0]?.requestContext.identity.apiKeyId).toBe("bob");
});

test("G3: a key goes no further than the gateway", async () => {
  const { url, events } = await start(undefined, { apiKeys: { alice: "canary-key" } });
  await fetch(url, { headers: { "X-Api-Key": "canary-key" } });
  expect(JSON.stringify(events)).not.toContain("canary-key");
});

test("G1: requests beyond the burst get 429 with Retry-After, and no invocation [bad-input 20]", async () => {
  const { url, events } = await start(undefined, { throttle: { ratePerSecond: 0.5, burst: 3 } });
  const responses = await Promise.all(Array.from({ length: 10 }, () => fetch(url, { method: "POST" })));
  const refused = responses.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(7);
  expect(events).toHaveLength(3);
  expect(refused.map((response) => response.headers.get("retry-after"))).toEqual(Array(7).fill("2"));
  expect((await problemOf(refused[0] as Response)).code).toBe("TOO_MANY_REQUESTS");
});

test("a bucket fills at its rate and never above its burst", () => {
  const bucket = new TokenBucket({ ratePerSecond: 2, burst: 2 }, 0);
  expect([bucket.take(0), bucket.take(0), bucket.take(0)]).toEqual([0, 0, 0.5]);
  expect(bucket.take(250)).toBe(0.25);
  expect(bucket.take(500)).toBe(0);
  expect([bucket.take(60_000), bucket.take(60_000), bucket.take(60_000)]).toEqual([0, 0, 0.5]);
});

test("G1: a body of 6 MiB is refused by its announced length, before it is sent [bad-input 6]", async () => {
  const { url, events } = await start();
  const response = await fetch(url, { method: "POST", body: Buffer.alloc(6 * 1024 * 1024, "x") });
  expect(response.status).toBe(413);
  const problem = await problemOf(response);
  expect(problem.code).toBe("INPUT_TOO_LARGE");
  expect(problem.detail).toContain(String(BODY_BYTES_MAX));
  expect(events).toHaveLength(0);
});

test("G1: a body that grows beyond the limit without announcing it is refused too [bad-input 6]", async () => {
  const { url, events } = await start();
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const upload = request(url, { method: "POST" }, (response) => resolve(response.statusCode));
    upload.on("error", reject);
    for (let megabytes = 0; megabytes < 7; megabytes += 1) upload.write(Buffer.alloc(1024 * 1024, "x"));
  });
  expect(status).toBe(413);
  expect(events).toHaveLength(0);
});

test("G1: more requests at once than the gateway holds get 429", async () => {
  let open: (() => void) | undefined;
  const { url, events } = await start(
    () => new Promise((resolve) => (open = () => resolve({ statusCode: 200, body: "late" }))),
    { concurrencyMax: 1 },
  );
  const first = fetch(url);
  await expect.poll(() => events.length).toBe(1);
  expect((await fetch(url)).status).toBe(429);
  open?.();
  expect(await (await first).text()).toBe("late");
});

test.each([
  ["crashes", new FunctionError("Runtime.ExitError", "exited with SIGKILL"), 502, "BAD_GATEWAY"],
  ["times out", new FunctionError("Sandbox.Timedout", "timed out"), 504, "GATEWAY_TIMEOUT"],
])("G2: a function that %s is answered for", async (_, error, status, code) => {
  const { url } = await start(() => Promise.reject(error));
  const problem = await problemOf(await fetch(url));
  expect([problem.status, problem.code]).toEqual([status, code]);
});

test.each([
  ["nothing", null],
  ["no status", { body: "x" }],
  ["a status that is none", { statusCode: 99_999, body: "x" }],
  ["a header that HTTP forbids", { statusCode: 200, headers: { "x-bad": "a\r\nb" }, body: "x" }],
])("G2: a function that answers %s is a bad gateway", async (_, answer) => {
  const { url } = await start(() => answer);
  expect((await problemOf(await fetch(url))).code).toBe("BAD_GATEWAY");
});

test("G2: who still waits when the host stops is told to come again", async () => {
  const { url, events, gateway } = await start(() => new Promise(() => {}));
  const waiting = fetch(`${url}/executions/1?wait=25`);
  await expect.poll(() => events.length).toBe(1);
  await gateway.stop(0);
  const response = await waiting;
  expect(response.headers.get("retry-after")).toBe("2");
  expect((await problemOf(response)).code).toBe("UNAVAILABLE");
  await expect(fetch(url)).rejects.toThrow();
});

test("who wants something done when the host stops gets a moment to see it done", async () => {
  let finish: (() => void) | undefined;
  const { url, events, gateway } = await start(
    () => new Promise((resolve) => (finish = () => resolve({ statusCode: 202, body: "accepted" }))),
  );
  const posting = fetch(`${url}/executions`, { method: "POST", body: "{}" });
  await expect.poll(() => events.length).toBe(1);
  const stopping = gateway.stop(10_000);
  finish?.();
  expect(await (await posting).text()).toBe("accepted");
  await stopping;
});
