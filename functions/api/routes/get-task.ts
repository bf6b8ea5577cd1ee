import { createRoute, z } from "@hono/zod-openapi";
import { TaskDetail } from "../../shared/contracts/api.ts";
import type { ApiPorts } from "../../shared/ports/api-ports.ts";
import type { ApiApp } from "../api-app.ts";
import { refusals } from "../documentation.ts";
import { findExecution } from "../find-execution.ts";
import { taskNotFound } from "../question.ts";
import { taskParams } from "../request-fields.ts";
import { viewTask } from "../views/task-detail.ts";

const route = createRoute({
  method: "get",
  path: "/executions/{id}/tasks/{n}",
  operationId: "getTask",
  summary: "Look at one task: its turns and tool calls",
  description: "Long texts are cut: whole answers are files of the workspace, under `handoffs/`.",
  request: {
    params: taskParams,
    query: z.strictObject({}),
  },
  responses: {
    200: { description: "The task.", content: { "application/json": { schema: TaskDetail } } },
    ...refusals("INVALID_ID", "OUT_OF_RANGE", "EXECUTION_NOT_FOUND", "TASK_NOT_FOUND", "STATE_UNREADABLE"),
  },
});

export const getTask = (app: ApiApp, ports: ApiPorts): void => {
  app.openapi(route, async (c) => {
    const { id, n } = c.req.valid("param");
    const { state } = await findExecution(ports.store, c.var.tenant, id);
    const task = state.tasks.find((candidate) => candidate.n === n);
    if (task === undefined) throw taskNotFound(state, n);
    return c.json(await viewTask(ports, state, task), 200);
  });
};
