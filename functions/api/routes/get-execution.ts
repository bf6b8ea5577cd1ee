import { createRoute, z } from "@hono/zod-openapi";
import { ExecutionView } from "../../shared/contracts/api.ts";
import type { ExecutionId } from "../../shared/contracts/ids.ts";
import type { Item } from "../../shared/contracts/item.ts";
import { Permit } from "../../shared/contracts/permit.ts";
import { permitKey, stateKey } from "../../shared/contracts/resources.ts";
import type { ApiPorts } from "../../shared/ports/api-ports.ts";
import type { ApiApp } from "../api-app.ts";
import { refusals, waitHeader } from "../documentation.ts";
import { ownItem, readExecution } from "../find-execution.ts";
import { readUntil, waitDeadline } from "../long-poll.ts";
import { executionParams, waitSeconds } from "../request-fields.ts";
import { viewExecution } from "../views/execution-view.ts";
import type { ToolCallCounts } from "../views/tool-call-counts.ts";

const route = createRoute({
  method: "get",
  path: "/executions/{id}",
  operationId: "getExecution",
  summary: "Look at an execution",
  description:
    "With `?wait=` it answers at the next change: a commit, or a model call that starts. Send the last `ETag` as `If-None-Match` and no change between two requests is missed.",
  request: {
    params: executionParams,
    query: z.strictObject({ wait: waitSeconds }),
    headers: z.object({ "if-none-match": z.string().optional() }),
  },
  responses: {
    200: {
      description: "The execution with its tasks, also the ones that are still at work.",
      headers: { ...waitHeader, ETag: { description: "Changes with it.", schema: { type: "string" } } },
      content: { "application/json": { schema: ExecutionView } },
    },
    304: { description: "Nothing has changed since `If-None-Match`." },
    ...refusals("INVALID_ID", "OUT_OF_RANGE", "EXECUTION_NOT_FOUND", "CONTENT_LOST", "STATE_UNREADABLE"),
  },
});

export const getExecution = (app: ApiApp, ports: ApiPorts, counts: ToolCallCounts): void => {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    const known = c.req.valid("header")["if-none-match"];
    let baseline = known;
    const seen = await readUntil(
      ports,
      waitDeadline(c, c.req.valid("query").wait, ports.clock.now()),
      () => look(ports.store, c.var.tenant, id),
      ({ item, tag }) => {
        baseline ??= tag;
        return item["status"] !== "RUNNING" || tag !== baseline;
      },
    );
    c.header("etag", seen.tag);
    if (seen.tag === known) return c.body(null, 304);
    return c.json(await viewExecution(ports, counts, readExecution(seen.item, id)), 200);
  });
};

/**
 * Two small reads tell whether anything moved, however many tasks are open: a commit changes the
 * version, and no model call starts without its reservation (P4). One that ended is settled with
 * the next, so that what a turn's tools do is no change.
 */
const look = async (
  store: ApiPorts["store"],
  tenant: string,
  id: ExecutionId,
): Promise<{ item: Item; tag: string }> => {
  const [state, permitItem] = await store.getMany([stateKey(id), permitKey(id)]);
  const item = ownItem(state, tenant, id);
  const permit = Permit.safeParse(permitItem).data;
  const parts = [
    item["version"],
    permit?.committedCalls ?? 0,
    permit?.committedTokens ?? 0,
    Object.keys(permit?.open ?? {}).length,
  ];
  return { item, tag: `W/"${parts.join(".")}"` };
};
