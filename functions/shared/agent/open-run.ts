import type { AgentManifest } from "../contracts/agent-manifest.ts";
import { NO_USAGE } from "../contracts/usage.ts";
import type { ToolServers } from "../ports/tool-servers.ts";
import type { AgentPorts, Invocation } from "./agent-ports.ts";
import type { AgentSpec } from "./agent-spec.ts";
import type { Held } from "./claim.ts";
import { type Decisions, decisionsOf, isQuestion, NO_DECISIONS } from "./decisions.ts";
import { type AnswerFile, handoffResults } from "./handoff-results.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { TaskPermit } from "./permit.ts";
import { ProviderLimiter } from "./provider-limiter.ts";
import { requestText } from "./request-text.ts";
import type { GivenResult } from "./saved-turn.ts";
import { openSnapshot, registryOf, type SnapshotSource, storedSnapshot } from "./snapshot.ts";
import type { TaskRun } from "./task-run.ts";
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
  /** Of this task alone; the caller closes it. */
  readonly servers: ToolServers | undefined;
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
  servers,
}: OpenRunOptions): Promise<TaskRun> => {
  const { record } = held.task;
  const request = await requestText(record.request, ports.blobs);
  const transcript = await Transcript.load(held.task, request.message, ports.blobs);
  const workspace = new Workspace(ports, record);
  const { given, decisions } = await resume(transcript, held, workspace, ports);
  const { signal } = heartbeat;
  const source: SnapshotSource = { spec, ports, peers: peersOf(spec, ports.agents), servers, signal };
  const snapshot = await openSnapshot(transcript.saved[0], source);
  const run: TaskRun = {
    spec,
    ports,
    invocation,
    taskId: record.taskId,
    receiveCount,
    held,
    permit,
    limiter: new ProviderLimiter(ports),
    signal,
    request,
    tools: registryOf(snapshot, source),
    snapshot,
    adoptSnapshot: async (first) => {
      run.snapshot = await storedSnapshot(first, ports.blobs);
      run.tools = registryOf(run.snapshot, source);
    },
    transcript,
    workspace,
    decisions,
    given,
    notice: undefined,
    unsavedUsage: NO_USAGE,
  };
  return run;
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
