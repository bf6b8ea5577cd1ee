import { defineAgent } from "../../../functions/shared/agent/agent-spec.ts";

export const signer = defineAgent({
  name: "signer",
  role: "putting a name to what was decided",
  tools: [],
  handoffs: [],
  model: { provider: "bedrock" },
});
