import { createAgentHandler } from "../../shared/entry/agent-handler.ts";
import { critic } from "./agent.ts";

export const handler = createAgentHandler(critic);
