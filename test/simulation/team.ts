import { z } from "zod";
import { type AgentSpec, defineAgent, toManifestEntry } from "../../functions/shared/agent/agent-spec.ts";
import { handoff } from "../../functions/shared/agent/handoff-tool.ts";
import { defineTool, type SuspendingTool, type Tool } from "../../functions/shared/agent/tool.ts";
import { askHuman } from "../../functions/shared/agent/tools/ask-human.ts";
import { listFiles } from "../../functions/shared/agent/tools/list-files.ts";
import { readFile } from "../../functions/shared/agent/tools/read-file.ts";
import { writeFile } from "../../functions/shared/agent/tools/write-file.ts";
import type { AgentManifest } from "../../functions/shared/contracts/agent-manifest.ts";
import { DEFAULT_RETRY_POLICY, RetryPolicy } from "../../functions/shared/contracts/retry-policy.ts";
import type { ToolEffect } from "../../functions/shared/contracts/task-record.ts";

/** All agents of a world call the same provider with the same account. */
export const ACCOUNT = "simulated";

export const AGENTS = ["coder", "planner", "critic"] as const;

/** Where the tools of one process have their effects. */
export interface ToolBench {
  run(tool: { readonly name: string; readonly effect: ToolEffect }, callId: string): Promise<string>;
  /** What became of a call of a tool that can be asked. */
  reconcile(tool: { readonly name: string }, callId: string): Promise<string | undefined>;
}

const pretended = (name: string, effect: ToolEffect) =>
  defineTool({
    name,
    description: `A tool of the simulation whose effect is ${effect}.`,
    input: z.strictObject({ key: z.string() }),
    effect,
    run: async () => "replaced for each process",
  });

const PRETENDED = [
  pretended("publish", "external"),
  pretended("set_flag", "idempotent"),
  pretended("order", "external"),
  pretended("look_up", "readOnly"),
];
/** Runs only with a person's leave. */
export const APPROVED_ONLY = "spend";
/** In worlds with people, whom agents may ask. */
const WITH_PEOPLE: readonly Tool[] = [
  askHuman,
  defineTool({
    name: APPROVED_ONLY,
    description: "A tool of the simulation that needs a person's leave.",
    input: z.strictObject({ key: z.string() }),
    effect: "external",
    requiresApproval: true,
    run: async () => "replaced for each process",
  }),
];
/** Can tell what became of a call. */
const RECONCILED = "order";

/** Beside what is retried by default: what the model itself got wrong, so that attempts follow cut turns. */
const RETRY = RetryPolicy.parse([
  ...DEFAULT_RETRY_POLICY,
  { errorEquals: ["Truncated", "EmptyAnswer"], intervalSeconds: 1, maxAttempts: 2 },
]);

/** The real tool; only that its schema, which each run of an agent makes anew, is made once. */
const quickHandoff = (): SuspendingTool => {
  let schema: ReturnType<SuspendingTool["schemaFor"]> | undefined;
  return {
    ...handoff,
    schemaFor: (peers) => {
      schema ??= handoff.schemaFor(peers);
      return schema;
    },
  };
};

/** Two releases of each agent: a deploy changes prompts, and takes a tool away. */
const specsOf = (release: 1 | 2): ReadonlyMap<string, AgentSpec> =>
  new Map(
    AGENTS.map((name) => [
      name,
      defineAgent({
        name,
        role: `${name} of release ${release}`,
        tools: [listFiles, readFile, writeFile, ...PRETENDED.slice(0, release === 1 ? 4 : 3), quickHandoff()],
        model: { maxTokens: 1_000 },
        retry: RETRY,
      }),
    ]),
  );

const RELEASES = { 1: specsOf(1), 2: specsOf(2) } as const;

export const MANIFEST: AgentManifest = AGENTS.map((name) => ({
  ...toManifestEntry(RELEASES[1].get(name) as AgentSpec),
  handoffs: AGENTS.filter((other) => other !== name),
}));

/** An agent as one process runs it: the pretended tools have their effects on that process's bench. */
export const specFor = (
  name: string,
  release: 1 | 2,
  { bench, hasPeople }: { readonly bench: ToolBench; readonly hasPeople: boolean },
): AgentSpec => {
  const spec = RELEASES[release].get(name);
  if (spec === undefined) throw new Error(`there is no agent ${name}`);
  const tools = hasPeople ? [...spec.tools, ...WITH_PEOPLE] : spec.tools;
  return { ...spec, tools: tools.map((tool) => onBench(tool, bench)) };
};

const onBench = (tool: Tool, bench: ToolBench): Tool => {
  if (tool.kind !== "ordinary" || ![...PRETENDED, ...WITH_PEOPLE].some(({ name }) => name === tool.name)) {
    return tool;
  }
  return {
    ...tool,
    prepare: (input) => {
      const prepared = tool.prepare(input);
      if (!prepared.ok) return prepared;
      return {
        ...prepared,
        run: ({ callId }) => bench.run(tool, callId),
        reconcile: tool.name === RECONCILED ? ({ callId }) => bench.reconcile(tool, callId) : undefined,
      };
    },
  };
};
