import { createAgentHandler } from "../../shared/entry/agent-handler.ts";
import { planner } from "./agent.ts";

export const handler = createAgentHandler(planner);
