import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../functions/shared/contracts/limits.ts";
import { stateKey } from "../../../functions/shared/contracts/resources.ts";
import { type Api, anApi, aState, ID, NOW, problemOf, putState } from "./api-fixture.ts";

/** Refused before anything was stored, sent or paid. */
const refused = async (api: Api, response: Response): Promise<Record<string, unknown>> => {
  expect(api.store.items()).toEqual([]);
  expect(api.queues.sent).toEqual([]);
  expect(api.blobs.texts.size).toBe(0);
  const problem = await problemOf(response);
  expect(problem["status"]).toBe(response.status);
  expect(problem).toMatchObject({
    requestId: "request-1",
    title: expect.any(String),
    type: expect.any(String),
  });
  return problem;
};

const refusedBody = async (body: unknown, headers?: Record<string, string>) => {
  const api = anApi();
  return refused(api, await api.post(body, headers));
};

describe("bodies", () => {
  test("cut JSON is INVALID_JSON with its position [bad-input 3]", async () => {
    expect(await refusedBody('{"a":')).toMatchObject({
      status: 400,
      code: "INVALID_JSON",
      detail: expect.stringContaining("line 1, column 6"),
    });
  });

  test("bytes that are no UTF-8 are INVALID_JSON", async () => {
    const api = anApi();
    const response = await api.request("/executions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: Uint8Array.from([0x22, 0xff, 0x22]),
    });
    expect((await refused(api, response))["code"]).toBe("INVALID_JSON");
  });

  test("an empty body is BODY_REQUIRED [bad-input 4]", async () => {
    expect(await refusedBody("")).toMatchObject({ status: 400, code: "BODY_REQUIRED" });
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])(
    "content type %j is 415 [bad-input 5]",
    async (type) => {
      expect(await refusedBody('{"input":"x"}', { "content-type": type })).toMatchObject({
        status: 415,
        code: "UNSUPPORTED_MEDIA_TYPE",
      });
    },
  );

  test("a charset beside the content type is fine", async () => {
    const response = await anApi().post(
      { input: "x" },
      { "content-type": "application/JSON; charset=utf-8" },
    );
    expect(response.status).toBe(202);
  });

  test("a body of 6 MiB is 413 with the limit stated [bad-input 6]", async () => {
    expect(await refusedBody({ input: "x".repeat(6 * 1024 * 1024) })).toMatchObject({
      status: 413,
      code: "INPUT_TOO_LARGE",
      detail: expect.stringContaining(String(LIMITS.inputBytesMax)),
    });
  });

  test("an input of 256 KiB is accepted, one byte more is 413 [bad-input 6]", async () => {
    const api = anApi();
    expect((await api.post({ input: "ü".repeat(LIMITS.inputBytesMax / 2) })).status).toBe(202);
    expect(await refusedBody({ input: `${"ü".repeat(LIMITS.inputBytesMax / 2)}x` })).toMatchObject({
      status: 413,
      path: "input",
      detail: expect.stringContaining(String(LIMITS.inputBytesMax + 1)),
    });
  });

  test.each([
    [{ input: "x", agnet: "coder" }, "agnet", "did you mean agent?"],
    [{ inptu: "x" }, "inptu", "did you mean input?"],
    [{ input: "x", limits: { deadlineSecond: 5 } }, "limits.deadlineSecond", "did you mean deadlineSeconds?"],
  ])("an unknown field of %j is named, with the nearest name [bad-input 7]", async (body, path, hint) => {
    expect(await refusedBody(body)).toMatchObject({
      status: 400,
      code: "UNKNOWN_FIELD",
      path,
      detail: expect.stringContaining(hint),
    });
  });

  test.each(["__proto__", "constructor", "prototype"])(
    "the key %s is FORBIDDEN_KEY and no prototype changes [bad-input 8]",
    async (key) => {
      const before = Object.getOwnPropertyNames(Object.prototype);
      expect(await refusedBody(`{"input":"x","${key}":{"polluted":1}}`)).toMatchObject({
        status: 400,
        code: "FORBIDDEN_KEY",
      });
      expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    },
  );

  test("JSON nested 10,000 deep is TOO_DEEP with the limit stated [bad-input 9]", async () => {
    const deep = `{"input":${"[".repeat(10_000)}${"]".repeat(10_000)}}`;
    expect(await refusedBody(deep)).toMatchObject({
      status: 400,
      code: "TOO_DEEP",
      detail: expect.stringContaining("32"),
    });
  });

  test.each(["1e309", "NaN", '"NaN"', "-0", "9007199254740993", "1.5", "null", "true"])(
    "%s as a count is OUT_OF_RANGE [bad-input 10]",
    async (count) => {
      expect(await refusedBody(`{"input":"x","limits":{"calls":${count}}}`)).toMatchObject({
        status: 400,
        code: "OUT_OF_RANGE",
        path: "limits.calls",
      });
    },
  );

  test("a duplicate key is DUPLICATE_KEY [bad-input 11]", async () => {
    expect(await refusedBody('{"input":"a","input":"b"}')).toMatchObject({
      status: 400,
      code: "DUPLICATE_KEY",
      path: "input",
    });
  });

  test("lone surrogates, U+0000 and U+FFFF are accepted; what SQS and UTF-8 forbid becomes U+FFFD [bad-input 12]", async () => {
    const api = anApi();
    const response = await api.post('{"input":"a\\ud800b\\u0000c\\uffffd\\u001be\\n\\t😀"}');
    expect(response.status).toBe(202);
    const { executionId } = (await response.json()) as { executionId: string };
    const body = JSON.parse(String((await api.store.get(stateKey(executionId)))?.["body"]));
    expect(body.input).toEqual({ inline: "a\ufffdb\ufffdc\ufffdd\ufffde\n\t😀" });
  });

  test.each([
    ["\u202ecoder"],
    ["co\u200bder"],
    ["Coder"],
    ["coder "],
    ["../coder"],
    [7],
    [null],
    ["c".repeat(33)],
  ])("agent %j is INVALID_NAME, and invisible characters are spelled out [bad-input 13]", async (agent) => {
    const problem = await refusedBody({ input: "x", agent });
    expect(problem).toMatchObject({ status: 400, code: "INVALID_NAME", path: "agent" });
    expect(problem["detail"]).toMatch(/^[\x20-\x7e…]*$/);
  });

  test("an unknown agent is AGENT_NOT_FOUND with the list and the nearest name [bad-input 18]", async () => {
    expect(await refusedBody({ input: "x", agent: "plannner" })).toMatchObject({
      status: 400,
      code: "AGENT_NOT_FOUND",
      agents: ["coder", "planner", "critic"],
      detail: expect.stringContaining("did you mean planner?"),
    });
  });

  test.each([0, -1, 1e12, 10_000.01, "1", null, 1e-9])(
    "a budget of %s is INVALID_BUDGET [bad-input 21]",
    async (usd) => {
      expect(await refusedBody({ input: "x", limits: { usd } })).toMatchObject({
        status: 400,
        code: "INVALID_BUDGET",
        path: "limits.usd",
      });
    },
  );

  test.each([-1, 0, "soon", 400 * 86_400])(
    "a deadline of %s is OUT_OF_RANGE [bad-input 32]",
    async (deadlineSeconds) => {
      expect(await refusedBody({ input: "x", limits: { deadlineSeconds } })).toMatchObject({
        status: 400,
        code: "OUT_OF_RANGE",
        path: "limits.deadlineSeconds",
        detail: expect.stringContaining(String(LIMITS.deadlineSecondsMax)),
      });
    },
  );

  test.each([[[]], [7], ["text"], [null]])("a body %j that is no object is INVALID_BODY", async (body) => {
    expect(await refusedBody(JSON.stringify(body))).toMatchObject({ status: 400, code: "INVALID_BODY" });
  });

  test.each(["", " \n\t", 7])("an input %j with nothing to work on is INVALID_INPUT", async (input) => {
    expect(await refusedBody({ input })).toMatchObject({ status: 400, code: "INVALID_INPUT", path: "input" });
  });

  test("no message echoes more than 80 characters", async () => {
    const long = "canary".repeat(1_000);
    for (const body of [
      { input: "x", agent: long },
      { input: "x", [long]: 1 },
      { input: "x", limits: long },
      long,
    ]) {
      const problem = JSON.stringify(await refusedBody(body));
      expect(problem.match(/(canary)+/g)?.every((echo) => echo.length <= 80) ?? true).toBe(true);
    }
  });
});

describe("ids, tokens and strangers", () => {
  const routes = (id: string) => [
    ["GET", `/executions/${id}`],
    ["GET", `/executions/${id}/history`],
    ["GET", `/executions/${id}/tasks/1`],
    ["GET", `/executions/${id}/files`],
    ["GET", `/executions/${id}/files?path=a`],
    ["POST", `/executions/${id}/stop`],
  ];

  test("an execution of another tenant looks like one that does not exist, on every route [bad-input 2]", async () => {
    const api = anApi();
    putState(api.store, aState({ tenant: "tenant-b" }));
    const before = JSON.stringify(api.store.items());
    for (const [method = "", path = ""] of routes(ID)) {
      const foreign = await problemOf(await api.as("tenant-a")(path, { method }));
      const unknown = await problemOf(await anApi().as("tenant-a")(path, { method }));
      expect(foreign).toMatchObject({ status: 404, code: "EXECUTION_NOT_FOUND" });
      expect(foreign).toEqual(unknown);
    }
    expect(JSON.stringify(api.store.items())).toBe(before);
    expect(api.queues.sent).toEqual([]);
    expect(await (await api.as("tenant-a")("/executions")).json()).toEqual({ executions: [] });
    expect((await api.as("tenant-b")(`/executions/${ID}`)).status).toBe(200);
  });

  test.each([
    "../x",
    "x".repeat(500),
    "a b",
    "%00",
    ID.toLowerCase(),
    `${ID}0`,
    "01JD4ZK8M3V7Q2XW5R9T6B1CFI",
  ])("the id %j is INVALID_ID on every route, and nothing is read [bad-input 14]", async (id) => {
    const api = anApi();
    for (const [method = "", path = ""] of routes(encodeURIComponent(id))) {
      expect(await problemOf(await api.request(path, { method }))).toMatchObject({
        status: 400,
        code: "INVALID_ID",
      });
    }
    expect(api.store.requests).toEqual([]);
  });

  test("a page token that is forged, cut, of another tenant or of another filter is INVALID_TOKEN [bad-input 19]", async () => {
    const api = anApi();
    const post = (tenant: string) =>
      api.as(tenant)("/executions", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"input":"x"}',
      });
    await post("a");
    await post("a");
    const { next = "" } = (await (await api.as("a")("/executions?limit=1")).json()) as { next?: string };
    expect((await api.as("a")(`/executions?page=${next}`)).status).toBe(200);
    const forged = `${Buffer.from("999|EXE#other").toString("base64url")}.${next.split(".")[1]}`;
    for (const [tenant, query] of [
      ["a", `page=${forged}`],
      ["a", `page=${next.slice(0, -4)}`],
      ["a", `page=${"x".repeat(5_000)}`],
      ["a", "page="],
      ["b", `page=${next}`],
      ["a", `page=${next}&status=FAILED`],
    ] as const) {
      const problem = await problemOf(await api.as(tenant)(`/executions?${query}`));
      expect(problem).toMatchObject({ status: 400, code: "INVALID_TOKEN" });
    }
  });

  test("stopping twice is 202 both times; a finished execution is 409 with its status [bad-input 17]", async () => {
    const api = anApi();
    const { executionId } = (await (await api.post({ input: "x" })).json()) as { executionId: string };
    const stop = () => api.request(`/executions/${executionId}/stop`, { method: "POST" });
    const first = await stop();
    api.clock.advance(5_000);
    const second = await stop();
    expect([first.status, second.status]).toEqual([202, 202]);
    const permit = api.store.items().find(({ sk }) => sk === "PERMIT");
    expect(permit?.["stopped"]).toEqual({ at: NOW, cause: "stopped by the caller" });

    for (const status of ["SUCCEEDED", "FAILED", "TIMED_OUT"] as const) {
      putState(api.store, aState({ executionId, status }));
      expect(await problemOf(await stop())).toMatchObject({
        status: 409,
        code: "ALREADY_FINISHED",
        executionStatus: status,
      });
    }
    putState(api.store, aState({ executionId, status: "ABORTED" }));
    expect((await stop()).status).toBe(202);
  });

  test("waiting 600 s is clamped to 25, and the header tells [bad-input 22]", async () => {
    const api = anApi();
    putState(api.store, aState({ status: "SUCCEEDED" }));
    for (const path of [`/executions/${ID}?wait=600`, `/executions/${ID}/history?wait=600`]) {
      const response = await api.request(path);
      expect(response.status).toBe(200);
      expect(response.headers.get("bulkhead-wait")).toBe("25");
    }
  });
});

describe("everything else", () => {
  test("an unknown route is 404 and a known one with another method 405 with Allow", async () => {
    const api = anApi();
    expect(await problemOf(await api.request("/exections"))).toMatchObject({
      status: 404,
      code: "ROUTE_NOT_FOUND",
    });
    const cases = [
      ["DELETE", "/executions", "GET, POST"],
      ["PUT", `/executions/${ID}`, "GET"],
      ["GET", `/executions/${ID}/stop`, "POST"],
      ["OPTIONS", "/health", "GET"],
    ] as const;
    for (const [method, path, allow] of cases) {
      const response = await api.request(path, { method });
      expect(response.headers.get("allow")).toBe(allow);
      expect(await problemOf(response)).toMatchObject({ status: 405, code: "METHOD_NOT_ALLOWED" });
    }
  });

  test("what nobody expected is 500 INTERNAL: the caller gets an id, the log gets the place, neither the message", async () => {
    const lines: string[] = [];
    const note = (message: string, fields?: object) => lines.push(JSON.stringify({ message, ...fields }));
    const api = anApi({ log: { info: note, warn: note, error: note } });
    api.store.get = async () => {
      throw new TypeError("canary: arn:aws:dynamodb, user text");
    };
    const response = await api.request(`/executions/${ID}/history`);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ status: 500, code: "INTERNAL", requestId: "request-1" });
    expect(JSON.stringify(problem)).not.toContain("canary");
    expect(lines.join("\n")).not.toContain("canary");
    expect(lines.find((line) => line.includes("request failed"))).toContain("bad-input.test.ts");
  });

  test("a query parameter that a route does not know is named", async () => {
    const problem = await problemOf(await anApi().request("/executions?stauts=FAILED"));
    expect(problem).toMatchObject({
      code: "UNKNOWN_FIELD",
      detail: expect.stringContaining("did you mean status?"),
    });
  });

  test("a corrupted STATE is told as such, and listing goes on without it [bad-input 41]", async () => {
    const api = anApi();
    await api.post({ input: "healthy" });
    putState(api.store, aState());
    const item = await api.store.get(stateKey(ID));
    api.store.force({ ...stateKey(ID), ...item, body: '{"schema": 99}' });
    expect(await problemOf(await api.request(`/executions/${ID}`))).toMatchObject({
      status: 500,
      code: "STATE_UNREADABLE",
    });
    const list = (await (await api.request("/executions")).json()) as { executions: unknown[] };
    expect(list.executions).toHaveLength(1);
  });

  test("the tenant is the key's id, else the IAM account, else default", async () => {
    const api = anApi();
    const seenBy = async (identity: object) =>
      (await api.app.request(`/executions/${ID}`, {}, { requestContext: { identity } })).status;
    putState(api.store, aState({ tenant: "123456789012" }));
    expect(await seenBy({ apiKeyId: null, accountId: "123456789012" })).toBe(200);
    expect(await seenBy({ apiKeyId: "key", accountId: "123456789012" })).toBe(404);
    expect(await seenBy({})).toBe(404);
  });
});
