import { createRoute, z } from "@hono/zod-openapi";
import { ExecutionList } from "../../shared/contracts/api.ts";
import { ExecutionStatus } from "../../shared/contracts/execution-state.ts";
import { LIMITS } from "../../shared/contracts/limits.ts";
import { listPartition } from "../../shared/contracts/resources.ts";
import { decodeState } from "../../shared/contracts/stored-execution.ts";
import type { ApiPorts } from "../../shared/ports/api-ports.ts";
import type { ApiApp } from "../api-app.ts";
import { refusals } from "../documentation.ts";
import { openPageToken, signPageToken } from "../page-token.ts";
import { wholeNumber } from "../request-fields.ts";
import { summaryOf } from "../views/execution-view.ts";

const route = createRoute({
  method: "get",
  path: "/executions",
  operationId: "listExecutions",
  summary: "List executions, newest first",
  request: {
    query: z.strictObject({
      status: ExecutionStatus.optional(),
      limit: wholeNumber(
        { min: 1, max: LIMITS.pageSizeMax },
        `At most so many; ${LIMITS.pageSizeDefault} when absent.`,
      ).optional(),
      page: z
        .string()
        .max(4096)
        .optional()
        .openapi({ description: "The `next` of the page before, unchanged." }),
    }),
  },
  responses: {
    200: {
      description: "One page; `next` is there when more follow. A page may be short although more follow.",
      content: { "application/json": { schema: ExecutionList } },
    },
    ...refusals("INVALID_STATUS", "OUT_OF_RANGE", "INVALID_TOKEN"),
  },
});

export const listExecutions = (app: ApiApp, ports: ApiPorts): void => {
  app.openapi(route, async (c) => {
    const { status, limit = LIMITS.pageSizeDefault, page: token } = c.req.valid("query");
    const { tenant } = c.var;
    const list = { tenant, status };
    const page = await ports.store.newest(listPartition(tenant), {
      limit,
      ...(status === undefined ? {} : { status }),
      ...(token === undefined ? {} : { after: openPageToken(token, list, await ports.tokenSecret()) }),
    });
    // The index may be behind: what is no longer of the status asked for is not shown as if it were.
    const states = page.items
      .filter((item) => item["tenant"] === tenant)
      .map(decodeState)
      .flatMap((decoded) => (decoded.ok ? [decoded.stored.state] : []))
      .filter((state) => status === undefined || state.status === status);
    return c.json(
      {
        executions: states.map(summaryOf),
        ...(page.next === undefined
          ? {}
          : { next: signPageToken(page.next, list, await ports.tokenSecret()) }),
      },
      200,
    );
  });
};
