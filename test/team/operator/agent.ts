import { z } from "zod";
import { defineAgent } from "../../../functions/shared/agent/agent-spec.ts";
import { handoff } from "../../../functions/shared/agent/handoff-tool.ts";
import { defineTool } from "../../../functions/shared/agent/tool.ts";

/** What was published stands in the workspace, where whoever calls the API can see it. */
const publish = defineTool({
  name: "publish",
  description: "Publishes a text to everybody.",
  input: z.strictObject({ text: z.string().min(1).max(10_000) }),
  effect: "external",
  requiresApproval: true,
  run: async ({ text }, { workspace, callId }) => {
    await workspace.write({ path: "published.md", text, call: callId });
    return `published as ${callId}`;
  },
});

export const operator = defineAgent({
  name: "operator",
  role: "carrying out what was agreed on",
  tools: [publish, handoff],
});
