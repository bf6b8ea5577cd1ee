import { createRoute, z } from "@hono/zod-openapi";
import { TaskDetail } from "../../shared/contracts/api.ts";
import { LIMITS } from "../../shared/contracts/limits.ts";
import type { ApiPorts } from "../../shared/ports/api-ports.ts";
import type { ApiApp } from "../api-app.ts";
import { refusals } from "../documentation.ts";
import { findExecution } from "../find-execution.ts";
import { ApiProblem } from "../problems.ts";
import { executionParams, wholeNumber } from "../request-fields.ts";
import { viewTask } from "../views/task-detail.ts";

const route = createRoute({
  method: "get",
  path: "/executions/{id}/tasks/{n}",
  operationId: "getTask",
  summary: "Look at one task: its turns and tool calls",
  description: "Long texts are cut: whole answers are files of the workspace, under `handoffs/`.",
  request: {
    params: executionParams.extend({
      n: wholeNumber({ min: 1, max: LIMITS.tasksMax }, "The task's number; the entry task is 1."),
    }),
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
    if (task === undefined) {
      throw new ApiProblem("TASK_NOT_FOUND", `there is no task ${n}; there are ${state.tasks.length} so far`);
    }
    return c.json(await viewTask(ports, state, task), 200);
  });
};
