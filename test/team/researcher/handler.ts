import { createAgentHandler } from "../../../functions/shared/entry/agent-handler.ts";
import { researcher } from "./agent.ts";

export const handler = createAgentHandler(researcher);
