import { defineAgent } from "../../../functions/shared/agent/agent-spec.ts";
import { mcpServer } from "../../../functions/shared/agent/mcp-server.ts";
import { webFetch } from "../../../functions/shared/agent/tools/web-fetch.ts";

export const researcher = defineAgent({
  name: "researcher",
  role: "finding out what is known",
  tools: [webFetch({ domains: ["docs.example.com"] })],
  mcp: [
    mcpServer({
      name: "docs",
      url: "https://docs.example.com/mcp",
      auth: "bearer",
      tools: ["search", "fail"],
    }),
  ],
  handoffs: [],
});
