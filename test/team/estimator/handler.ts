import { createAgentHandler } from "../../../functions/shared/entry/agent-handler.ts";
import { estimator } from "./agent.ts";

export const handler = createAgentHandler(estimator);
