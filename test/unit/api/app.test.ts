import { Validator } from "@seriousme/openapi-schema-validator";
import type { APIGatewayProxyResult } from "aws-lambda";
import { handle } from "hono/aws-lambda";
import { describe, expect, test } from "vitest";
import { createApp } from "../../../functions/api/app.ts";
import { PROBLEMS } from "../../../functions/api/problems.ts";
import { AgentList, Health, StartExecutionAnswer } from "../../../functions/shared/contracts/api.ts";
import { anApi } from "./api-fixture.ts";

describe("GET /openapi.json", () => {
  const document = async () => (await (await anApi().request("/openapi.json")).json()) as OpenApi;

  interface OpenApi {
    openapi: string;
    paths: Record<
      string,
      Record<string, { operationId: string; responses: Record<string, { content?: object }> }>
    >;
    components: { schemas: Record<string, { additionalProperties?: boolean; required?: string[] }> };
  }

  test("is a valid OpenAPI 3.1 document", async () => {
    const { openapi, ...rest } = await document();
    expect(openapi).toBe("3.1.0");
    expect(await new Validator().validate({ openapi, ...rest })).toMatchObject({ valid: true });
  });

  test("describes every route that the app has", async () => {
    const api = anApi();
    const described = Object.entries((await document()).paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`),
    );
    const served = api.app.routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path}`);
    expect(described.sort()).toEqual(
      [...new Set(served)].filter((route) => route !== "GET /openapi.json").sort(),
    );
  });

  test("says for every operation how it refuses, and every reference leads somewhere", async () => {
    const { paths, components } = await document();
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    for (const { operationId, responses } of operations.filter(
      (operation) => operation.operationId !== "getHealth",
    )) {
      expect(Object.keys(responses), operationId).toEqual(expect.arrayContaining(["400", "500", "503"]));
    }
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    const references = JSON.stringify(paths).matchAll(/"#\/components\/schemas\/(\w+)"/g);
    for (const [, name = ""] of references) expect(Object.keys(components.schemas)).toContain(name);
  });

  test("the body is closed and needs an input; every problem code that a client can meet is documented", async () => {
    const { components, paths } = await document();
    expect(components.schemas["StartExecutionBody"]).toMatchObject({
      additionalProperties: false,
      required: ["input"],
    });
    const text = JSON.stringify(paths);
    const notOfARoute = ["ROUTE_NOT_FOUND", "METHOD_NOT_ALLOWED"];
    for (const code of Object.keys(PROBLEMS).filter((name) => !notOfARoute.includes(name))) {
      expect(text, code).toContain(`"${code}"`);
    }
  });
});

describe("small routes", () => {
  test("GET /agents tells what answers for each agent, and whether its price is known", async () => {
    const api = anApi({ agentModels: { coder: { provider: "glm", model: "glm-5", priced: false } } });
    const { agents } = AgentList.parse(await (await api.request("/agents")).json());
    expect(agents.map(({ name, provider, model, priced }) => [name, provider, model, priced])).toEqual([
      ["coder", "glm", "glm-5", false],
      ["planner", "unknown", "unknown", false],
      ["critic", "unknown", "unknown", false],
    ]);
  });

  test("GET /health says whether answers are scripted, and touches nothing", async () => {
    const api = anApi({ scripted: true });
    expect(Health.parse(await (await api.request("/health")).json())).toEqual({
      status: "ok",
      scripted: true,
    });
    expect(api.store.requests).toEqual([]);
  });

  test("every answer carries its request id and may not be kept or guessed at", async () => {
    const api = anApi();
    for (const path of ["/health", "/nowhere"]) {
      const { headers } = await api.request(path);
      expect(headers.get("x-request-id")).toBe("request-1");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  test("each request is one line in the log, with the route and without what the caller wrote", async () => {
    const lines: object[] = [];
    const log = {
      info: (message: string, fields = {}) => void lines.push({ message, ...fields }),
      warn: () => {},
      error: () => {},
    };
    const api = anApi({ log });
    await api.request("/executions/canary?wait=canary");
    expect(lines).toEqual([
      {
        message: "request",
        requestId: "request-1",
        method: "GET",
        route: "/executions/:id",
        status: 400,
        ms: 0,
      },
    ]);
  });
});

test("a REST proxy event of API Gateway becomes an answer, with the key's id as the tenant", async () => {
  const api = anApi();
  const respond = handle(createApp(api));
  const event = {
    resource: "/{proxy+}",
    path: "/executions",
    httpMethod: "POST",
    headers: { "Content-Type": "application/json", Host: "api.test" },
    multiValueHeaders: { "Content-Type": ["application/json"], Host: ["api.test"] },
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: { proxy: "executions" },
    stageVariables: null,
    requestContext: {
      requestId: "from-the-gateway",
      path: "/prod/executions",
      stage: "prod",
      identity: { apiKeyId: "key-1" },
    },
    body: Buffer.from('{"input":"ünïcode"}').toString("base64"),
    isBase64Encoded: true,
  };
  const answer: APIGatewayProxyResult = await respond(event as never);
  expect(answer.statusCode).toBe(202);
  expect(answer.isBase64Encoded).toBe(false);
  const { executionId } = StartExecutionAnswer.parse(JSON.parse(answer.body));
  const state = api.store.items().find(({ sk }) => sk === "STATE");
  expect(state).toMatchObject({ pk: `EXE#${executionId}`, tenant: "key-1" });
  expect(state?.["body"]).toContain("ünïcode");
});
