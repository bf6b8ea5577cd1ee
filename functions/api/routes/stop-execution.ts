import { createRoute, z } from "@hono/zod-openapi";
import { StartExecutionAnswer } from "../../shared/contracts/api.ts";
import type { ExecutionStatus } from "../../shared/contracts/execution-state.ts";
import { permitKey } from "../../shared/contracts/resources.ts";
import type { ApiPorts } from "../../shared/ports/api-ports.ts";
import type { ApiApp } from "../api-app.ts";
import { refusals } from "../documentation.ts";
import { findStateItem } from "../find-execution.ts";
import { ApiProblem } from "../problems.ts";
import { executionParams } from "../request-fields.ts";

const route = createRoute({
  method: "post",
  path: "/executions/{id}/stop",
  operationId: "stopExecution",
  summary: "Stop an execution",
  description:
    "From now on no model call starts. It ends as ABORTED, or as it would have when its last answer was faster. Repeating it changes nothing, also after the execution was aborted.",
  request: { params: executionParams, query: z.strictObject({}) },
  responses: {
    202: {
      description: "The stop is recorded.",
      content: { "application/json": { schema: StartExecutionAnswer } },
    },
    ...refusals("INVALID_ID", "EXECUTION_NOT_FOUND", "ALREADY_FINISHED"),
  },
});

export const stopExecution = (app: ApiApp, ports: ApiPorts): void => {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    const { tenant } = c.var;
    const item = await findStateItem(ports.store, tenant, id);
    const status = item["status"] as ExecutionStatus;
    if (status === "RUNNING") {
      // P3. Refused when it is stopped already: the first stop stands.
      await ports.store.update(permitKey(id), {
        set: [[["stopped"], { at: ports.clock.now(), cause: "stopped by the caller" }]],
        when: [{ path: ["stopped"], is: "missing" }],
      });
      // Also on a repeat: the caller's impatience may be due to a lost hint. A failure is the caller's
      // to know, since only the execution's next deadline would bring the coordinator to look.
      await ports.queues.sendHint({ v: 1, kind: "look", executionId: id }, { group: tenant });
    } else if (status !== "ABORTED") {
      throw new ApiProblem("ALREADY_FINISHED", `the execution has already ended as ${status}`, {
        executionStatus: status,
      });
    }
    return c.json({ executionId: id, status }, 202);
  });
};
