import { createAgentHandler } from "../../../functions/shared/entry/agent-handler.ts";
import { signer } from "./agent.ts";

export const handler = createAgentHandler(signer);
