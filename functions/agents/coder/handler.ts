import { createAgentHandler } from "../../shared/entry/agent-handler.ts";
import { coder } from "./agent.ts";

export const handler = createAgentHandler(coder);
