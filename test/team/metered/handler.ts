import { createAgentHandler } from "../../../functions/shared/entry/agent-handler.ts";
import { metered } from "./agent.ts";

export const handler = createAgentHandler(metered);
