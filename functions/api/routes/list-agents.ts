import { createRoute, z } from "@hono/zod-openapi";
import { AgentList } from "../../shared/contracts/api.ts";
import type { ApiPorts } from "../../shared/ports/api-ports.ts";
import type { ApiApp } from "../api-app.ts";
import { refusals } from "../documentation.ts";

const route = createRoute({
  method: "get",
  path: "/agents",
  operationId: "listAgents",
  summary: "List the agents",
  request: { query: z.strictObject({}) },
  responses: {
    200: {
      description: "Every agent, with its tools, whom it may hand off to, and the model that answers for it.",
      content: { "application/json": { schema: AgentList } },
    },
    ...refusals(),
  },
});

export const listAgents = (app: ApiApp, { agents, agentModels }: ApiPorts): void => {
  app.openapi(route, (c) =>
    c.json(
      {
        agents: agents.map(({ name, role, tools, handoffs, provider, model }) => ({
          name,
          role,
          tools,
          handoffs,
          provider: agentModels[name]?.provider ?? provider ?? "unknown",
          model: agentModels[name]?.model ?? model ?? "unknown",
          priced: agentModels[name]?.priced ?? false,
        })),
      },
      200,
    ),
  );
};
