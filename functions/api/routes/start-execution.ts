import { createRoute, z } from "@hono/zod-openapi";
import { ExecutionView, StartExecutionAnswer, StartExecutionBody } from "../../shared/contracts/api.ts";
import type { AgentName } from "../../shared/contracts/ids.ts";
import { nearestName } from "../../shared/kernel/nearest-name.ts";
import type { ApiPorts } from "../../shared/ports/api-ports.ts";
import type { ApiApp } from "../api-app.ts";
import { createExecution } from "../create-execution.ts";
import { refusals, waitHeader } from "../documentation.ts";
import { executionIdOfKey, newExecutionId } from "../execution-id.ts";
import { findStateItem, readExecution } from "../find-execution.ts";
import { readUntil, waitDeadline } from "../long-poll.ts";
import { ApiProblem } from "../problems.ts";
import { readJsonBody } from "../read-body.ts";
import { bodyProblem, waitSeconds } from "../request-fields.ts";
import { shown } from "../shown.ts";
import { viewExecution } from "../views/execution-view.ts";
import type { ToolCallCounts } from "../views/tool-call-counts.ts";

const DEFAULT_ENTRY_AGENT: AgentName = "coder";

const route = createRoute({
  method: "post",
  path: "/executions",
  operationId: "startExecution",
  summary: "Start an execution",
  description:
    "Accepts the request durably and answers at once; `?wait=` waits for the end. The same `Idempotency-Key` with the same body is the same execution, however often it is sent. Characters of the input that XML 1.0 does not know (lone surrogates, most control characters) become U+FFFD. `files` are in the workspace before the first agent looks, written by `caller`.",
  request: {
    query: z.strictObject({ wait: waitSeconds }),
    headers: z.object({
      "idempotency-key": z
        .string()
        .optional()
        .openapi({ description: "1 to 255 visible ASCII characters, one for each thing to be done once." }),
    }),
    // A plain schema: the library's own parser would lose duplicate keys and positions before we see them.
    body: {
      required: true,
      content: {
        "application/json": {
          schema: { $ref: "#/components/schemas/StartExecutionBody" },
          examples: {
            simple: { value: { input: "Write a rate limiter" } },
            bounded: {
              value: {
                input: "Plan the migration",
                agent: "planner",
                limits: { usd: 0.5, deadlineSeconds: 600 },
              },
            },
            files: {
              value: {
                input: "Review docs/design.md",
                files: [{ path: "docs/design.md", content: "# Design\n" }],
              },
            },
          },
        },
      },
    },
  },
  responses: {
    200: {
      description: "With `?wait=`: it has ended.",
      headers: waitHeader,
      content: { "application/json": { schema: ExecutionView } },
    },
    202: {
      description: "Accepted; with `?wait=` the whole view of it.",
      headers: {
        Location: { description: "Where to look at it.", schema: { type: "string" } },
        ...waitHeader,
      },
      content: { "application/json": { schema: z.union([StartExecutionAnswer, ExecutionView]) } },
    },
    ...refusals(
      "INVALID_JSON",
      "BODY_REQUIRED",
      "DUPLICATE_KEY",
      "FORBIDDEN_KEY",
      "TOO_DEEP",
      "OUT_OF_RANGE",
      "INVALID_BODY",
      "INVALID_INPUT",
      "INVALID_NAME",
      "INVALID_PATH",
      "AGENT_NOT_FOUND",
      "INVALID_BUDGET",
      "PRICE_UNKNOWN",
      "INVALID_IDEMPOTENCY_KEY",
      "IDEMPOTENCY_CONFLICT",
      "INPUT_TOO_LARGE",
      "UNSUPPORTED_MEDIA_TYPE",
    ),
  },
});

export const startExecution = (app: ApiApp, ports: ApiPorts, counts: ToolCallCounts): void => {
  // Made anew: the library teaches only schemas made after its import to be registered.
  app.openAPIRegistry.register("StartExecutionBody", z.strictObject(StartExecutionBody.shape));
  app.openapi(route, async (c) => {
    const body = parseBody(await readJsonBody(c.req.raw));
    const agent = knownAgent(body.agent ?? DEFAULT_ENTRY_AGENT, ports);
    const tenant = c.var.tenant;
    const id = idFor(c.req.valid("header")["idempotency-key"], tenant, ports);
    const { status } = await createExecution(ports, { id, tenant, agent, body });

    // Relative to the request's own URL: which stage or base path stands before it is the gateway's affair.
    c.header("location", `executions/${id}`);
    const { wait } = c.req.valid("query");
    if (wait === undefined) return c.json({ executionId: id, status }, 202);
    const item = await readUntil(
      ports,
      waitDeadline(c, wait, ports.clock.now()),
      () => findStateItem(ports.store, tenant, id),
      (state) => state["status"] !== "RUNNING",
    );
    const view = await viewExecution(ports, counts, readExecution(item, id));
    return view.status === "RUNNING" ? c.json(view, 202) : c.json(view, 200);
  });
};

const parseBody = (value: unknown): StartExecutionBody => {
  const body = StartExecutionBody.safeParse(value);
  if (body.success) return body.data;
  throw bodyProblem(body.error, value);
};

const knownAgent = (name: AgentName, { agents }: Pick<ApiPorts, "agents">): AgentName => {
  const names = agents.map((agent) => agent.name);
  if (names.includes(name)) return name;
  const nearest = nearestName(name, names);
  const hint = nearest === undefined ? "; there are" : `; did you mean ${nearest}? There are`;
  throw new ApiProblem("AGENT_NOT_FOUND", `there is no agent ${shown(name)}${hint} ${names.join(", ")}`, {
    path: "agent",
    agents: names,
  });
};

const idFor = (key: string | undefined, tenant: string, { clock, random }: ApiPorts): string => {
  if (key === undefined) return newExecutionId(clock.now(), random);
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return executionIdOfKey(tenant, key);
  const detail = `Idempotency-Key must be 1 to 255 visible ASCII characters; got ${shown(key)}`;
  throw new ApiProblem("INVALID_IDEMPOTENCY_KEY", detail);
};
