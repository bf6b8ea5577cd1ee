/** The files of one benchmark agent: the real runtime with a model that is the harness's `agentTurn`. */
export const agentFiles = (name: string, repository: string): Record<string, string> => ({
  "agent.ts": `import { defineAgent } from ${JSON.stringify(`${repository}/functions/shared/agent/agent-spec.ts`)};
import { handoff } from ${JSON.stringify(`${repository}/functions/shared/agent/handoff-tool.ts`)};

export const agent = defineAgent({ name: ${JSON.stringify(name)}, role: "benchmark agent", tools: [handoff], concurrency: 16 });
`,
  "prompt.md": "Answer.\n",
  "handler.ts": `import { createAgentHandler } from ${JSON.stringify(`${repository}/functions/shared/entry/agent-handler.ts`)};
import { createTurnModel } from ${JSON.stringify(`${repository}/bench/ours/turn-model.ts`)};
import { agent } from "./agent.ts";

export const handler = createAgentHandler(agent, { model: createTurnModel(${JSON.stringify(name)}) });
`,
});
