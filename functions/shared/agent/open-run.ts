import { z } from "zod";
import type { AgentManifest } from "../contracts/agent-manifest.ts";
import type { ToolSchema } from "../contracts/model-message.ts";
import { NO_USAGE } from "../contracts/usage.ts";
import type { AgentPorts, Invocation } from "./agent-ports.ts";
import type { AgentSpec } from "./agent-spec.ts";
import type { Held } from "./claim.ts";
import { type Decisions, decisionsOf, isQuestion, NO_DECISIONS } from "./decisions.ts";
import { type AnswerFile, handoffResults } from "./handoff-results.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { TaskPermit } from "./permit.ts";
import { requestText } from "./request-text.ts";
import { checkpointLost, type GivenResult, parseStored } from "./saved-turn.ts";
import { readValue } from "./stored-value.ts";
import { systemPrompt } from "./system-prompt.ts";
import type { Snapshot, TaskRun } from "./task-run.ts";
import { toolRegistry } from "./tool-registry.ts";
import { Transcript } from "./transcript.ts";
import { Workspace } from "./workspace.ts";

export interface OpenRunOptions {
  readonly spec: AgentSpec;
  readonly ports: AgentPorts;
  readonly held: Held;
  readonly permit: TaskPermit;
  readonly heartbeat: Heartbeat;
  readonly invocation: Invocation;
  readonly receiveCount: number;
}

/** Everything a claimed task is worked on with, rebuilt from what is stored. */
export const openRun = async ({
  spec,
  ports,
  held,
  permit,
  heartbeat,
  invocation,
  receiveCount,
}: OpenRunOptions): Promise<TaskRun> => {
  const { record } = held.task;
  const request = await requestText(record.request, ports.blobs);
  const transcript = await Transcript.load(held.task, request.message, ports.blobs);
  const workspace = new Workspace(ports, record);
  const tools = toolRegistry(spec.tools, peersOf(spec, ports.agents), ports.agents);
  const { given, decisions } = await resume(transcript, held, workspace, ports);
  return {
    spec,
    ports,
    invocation,
    taskId: record.taskId,
    receiveCount,
    held,
    permit,
    signal: heartbeat.signal,
    request,
    tools,
    snapshot: await snapshotOf(transcript, ports, () => ({
      system: systemPrompt(spec, ports.prompt, peersOf(spec, ports.agents)),
      tools: tools.schemas,
    })),
    transcript,
    workspace,
    decisions,
    given,
    unsavedUsage: NO_USAGE,
  };
};

/** Whom this agent may hand off to, as the manifest says: it has resolved "all others". */
const peersOf = (spec: AgentSpec, agents: AgentManifest): AgentManifest => {
  const allowed = agents.find((agent) => agent.name === spec.name)?.handoffs ?? [];
  return agents.filter((agent) => allowed.includes(agent.name) && agent.name !== spec.name);
};

/**
 * After a resume, the join's answers become the results of the last turn's handoff calls, and what
 * people said decides on the others. The next turn stores what it was given, so answers that a turn
 * has stored already are not given again.
 */
const resume = async (
  transcript: Transcript,
  { task: { record } }: Held,
  workspace: Workspace,
  { blobs }: AgentPorts,
): Promise<{ given: readonly GivenResult[]; decisions: Decisions }> => {
  const { answers, suspension } = record;
  const isLatest = answers?.k === suspension?.k && transcript.last?.record.n === suspension?.turn;
  if (answers === undefined || suspension === undefined || !isLatest) {
    return { given: [], decisions: NO_DECISIONS };
  }
  const { given, files } = handoffResults({
    ...answers,
    results: answers.results.filter((result) => !isQuestion(result)),
  });
  const enter = async (file: AnswerFile): Promise<void> =>
    workspace.enterAnswer(
      file.path,
      "blob" in file ? file.blob : await blobs.put(record.executionId, file.text),
    );
  await Promise.all(files.map(enter));
  transcript.giveResults(given);
  return { given, decisions: await decisionsOf(suspension.turn, answers, blobs) };
};

const StoredSnapshot = z.object({ system: z.string(), tools: z.array(z.custom<ToolSchema>()) });

/** A deploy must change nothing that the model has been told: thinking is bound to it. */
const snapshotOf = async (
  transcript: Transcript,
  { blobs }: AgentPorts,
  fresh: () => Snapshot,
): Promise<Snapshot> => {
  const [first] = transcript.saved;
  if (first === undefined) return fresh();
  if (first.snapshot === undefined) throw checkpointLost("the snapshot of the first turn is missing");
  const stored = parseStored(await readValue(blobs, first.snapshot), "the snapshot of the first turn");
  const parsed = StoredSnapshot.safeParse(stored);
  if (!parsed.success) throw checkpointLost("the snapshot of the first turn cannot be read");
  return parsed.data;
};
