import { defineAgent } from "../../../functions/shared/agent/agent-spec.ts";

/** The one agent of another vendor, and of an account that lets few calls a minute through. */
export const metered = defineAgent({
  name: "metered",
  role: "counting what there is",
  tools: [],
  handoffs: [],
  model: { provider: "glm", account: "metered" },
});
