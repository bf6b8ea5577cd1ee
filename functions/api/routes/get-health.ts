import { createRoute } from "@hono/zod-openapi";
import { Health } from "../../shared/contracts/api.ts";
import type { ApiPorts } from "../../shared/ports/api-ports.ts";
import type { ApiApp } from "../api-app.ts";

const route = createRoute({
  method: "get",
  path: "/health",
  operationId: "getHealth",
  summary: "Is it there?",
  responses: {
    200: {
      description: "It is; `scripted` says whether answers come from scripts instead of a model.",
      content: { "application/json": { schema: Health } },
    },
  },
});

export const getHealth = (app: ApiApp, { scripted }: ApiPorts): void => {
  app.openapi(route, (c) => c.json({ status: "ok" as const, scripted }, 200));
};
