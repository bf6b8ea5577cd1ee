import { z } from "zod";
import { defineAgent } from "../../../functions/shared/agent/agent-spec.ts";

export const estimator = defineAgent({
  name: "estimator",
  role: "estimating how long work takes",
  tools: [],
  handoffs: [],
  output: z.strictObject({ days: z.int().min(1), risks: z.array(z.string()) }),
  model: { account: "estimates" },
  limits: { calls: 4 },
});
