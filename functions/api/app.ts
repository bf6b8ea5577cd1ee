import { OpenAPIHono } from "@hono/zod-openapi";
import { routePath } from "hono/route";
import type { ApiPorts } from "../shared/ports/api-ports.ts";
import type { ApiApp, ApiEnv } from "./api-app.ts";
import { requestIdOf, tenantOf } from "./caller.ts";
import { problemResponse } from "./problem-response.ts";
import { ApiProblem } from "./problems.ts";
import { parameterProblem } from "./request-fields.ts";
import { answerTask } from "./routes/answer-task.ts";
import { getExecution } from "./routes/get-execution.ts";
import { getFiles } from "./routes/get-files.ts";
import { getHealth } from "./routes/get-health.ts";
import { getHistory } from "./routes/get-history.ts";
import { getOpenApi } from "./routes/get-openapi.ts";
import { getTask } from "./routes/get-task.ts";
import { listAgents } from "./routes/list-agents.ts";
import { listExecutions } from "./routes/list-executions.ts";
import { startExecution } from "./routes/start-execution.ts";
import { stopExecution } from "./routes/stop-execution.ts";
import { shown } from "./shown.ts";
import { ToolCallCounts } from "./views/tool-call-counts.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** The HTTP API over its ports: the route table, and what holds for every request. */
export const createApp = (ports: ApiPorts): ApiApp => {
  const app: ApiApp = new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      // The library hands over what it was given beside what was wrong with it; its type does not say so.
      if (!result.success) throw parameterProblem(result.error, (result as { data?: unknown }).data);
    },
  });
  aroundEveryRequest(app, ports);

  const counts = new ToolCallCounts(ports.store);
  startExecution(app, ports, counts);
  listExecutions(app, ports);
  getExecution(app, ports, counts);
  getHistory(app, ports);
  getTask(app, ports);
  answerTask(app, ports);
  getFiles(app, ports);
  stopExecution(app, ports);
  listAgents(app, ports);
  getHealth(app, ports);
  getOpenApi(app);

  app.notFound((c) => problemResponse(noRoute(app, c.req.method, c.req.path), c.var.requestId, ports.log));
  app.onError((error, c) => problemResponse(error, c.var.requestId, ports.log));
  return app;
};

const aroundEveryRequest = (app: ApiApp, { clock, random, log }: ApiPorts): void => {
  app.use("*", async (c, next) => {
    const startedAt = clock.now();
    const requestId = requestIdOf(c.env?.requestContext, random);
    c.set("requestId", requestId);
    c.set("tenant", tenantOf(c.env?.requestContext));
    await next();
    c.header("cache-control", "no-store");
    c.header("x-content-type-options", "nosniff");
    c.header("x-request-id", requestId);
    const fields = { requestId, method: c.req.method, route: routePath(c, -1), status: c.res.status };
    log.info("request", { ...fields, ms: clock.now() - startedAt });
  });
};

/** 405 with `Allow` when the path is one of ours, 404 otherwise. */
const noRoute = (app: ApiApp, method: string, path: string): ApiProblem => {
  const allowed = METHODS.filter((candidate) =>
    app.router.match(candidate, path)[0].some(([[, route]]) => route.method !== "ALL"),
  );
  return allowed.length === 0
    ? new ApiProblem("ROUTE_NOT_FOUND", `there is no route ${shown(path)}; GET /openapi.json lists them`)
    : new ApiProblem(
        "METHOD_NOT_ALLOWED",
        `${method} is not possible here; allowed is ${allowed.join(", ")}`,
        {
          headers: { allow: allowed.join(", ") },
        },
      );
};
