import { createRoute, z } from "@hono/zod-openapi";
import { HistoryPage } from "../../shared/contracts/api.ts";
import { LIMITS } from "../../shared/contracts/limits.ts";
import type { ApiPorts } from "../../shared/ports/api-ports.ts";
import type { ApiApp } from "../api-app.ts";
import { refusals, waitHeader } from "../documentation.ts";
import { findExecution } from "../find-execution.ts";
import { readUntil, waitDeadline } from "../long-poll.ts";
import { executionParams, waitSeconds, wholeNumber } from "../request-fields.ts";
import { viewHistory } from "../views/history-page.ts";

const route = createRoute({
  method: "get",
  path: "/executions/{id}/history",
  operationId: "getHistory",
  summary: "Read or follow the history",
  description: `Events in order, at most ${LIMITS.historyPageEventsMax} at a time. To follow an execution, send the last number as \`after\` with \`wait\` until the status is no longer RUNNING and \`more\` is absent.`,
  request: {
    params: executionParams,
    query: z.strictObject({
      after: wholeNumber({ min: 0, max: 999_999_999 }, "Only events with a higher number.").optional(),
      wait: waitSeconds,
    }),
  },
  responses: {
    200: {
      description: "The events after that number.",
      headers: waitHeader,
      content: { "application/json": { schema: HistoryPage } },
    },
    ...refusals("INVALID_ID", "OUT_OF_RANGE", "EXECUTION_NOT_FOUND", "STATE_UNREADABLE"),
  },
});

export const getHistory = (app: ApiApp, ports: ApiPorts): void => {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    const { after = 0, wait } = c.req.valid("query");
    const stored = await readUntil(
      ports,
      waitDeadline(c, wait, ports.clock.now()),
      () => findExecution(ports.store, c.var.tenant, id),
      ({ state }) => state.eventCount > after || state.status !== "RUNNING",
    );
    return c.json(await viewHistory(ports.store, stored, after), 200);
  });
};
