import { createAgentHandler } from "../../../functions/shared/entry/agent-handler.ts";
import { operator } from "./agent.ts";

export const handler = createAgentHandler(operator);
