import type { HandoffInput } from "./handoff-tool.ts";
import { type HandoffRules, judgeHandoffs } from "./judge-handoffs.ts";
import { warnedOfStandstill } from "./no-progress.ts";
import type { OpenCall } from "./pack-handoffs.ts";
import { recordResult, type TurnCall } from "./record-call.ts";
import { refusalOfRepetition } from "./repetition.ts";
import type { Turn } from "./saved-turn.ts";
import type { TaskRun } from "./task-run.ts";

/**
 * Judges the handoff calls that a turn has left open, `questions` to people beside them. Refused
 * ones get their error result; the others are returned.
 */
export const requestHandoffs = async (run: TaskRun, turn: Turn, questions: number): Promise<OpenCall[]> => {
  const calls = turn.toolUses.map((use, index): TurnCall => ({ turn, index, use }));
  const open = calls.filter(
    ({ use, index }) => isHandoff(run, use.name) && !run.transcript.resultOf(turn, index),
  );
  const judged = judgeHandoffs(open, { ...rulesOf(run, turn), questions });
  const accepted: OpenCall[] = [];
  for (const { call, ...verdict } of judged) {
    const repeated = refusalOfRepetition(run.transcript.turns, turn, call.use);
    const problem = repeated ?? (verdict.ok ? await missingArtifacts(run, verdict.input) : verdict.problem);
    if (problem !== undefined) await refuse(run, call, problem);
    else if (verdict.ok) accepted.push({ callId: call.use.id, ...verdict.input });
  }
  return accepted;
};

const refuse = async (run: TaskRun, call: TurnCall, content: string): Promise<void> =>
  recordResult(
    run,
    call,
    warnedOfStandstill(run.transcript, call.turn, call.use, { content, isError: true }),
  );

const isHandoff = (run: TaskRun, name: string): boolean => run.tools.find(name)?.kind === "suspending";

const rulesOf = (run: TaskRun, turn: Turn): Omit<HandoffRules, "questions"> => {
  const { name } = run.spec;
  const { depth, limits, from, trail } = run.held.task.record.request;
  const earlier = run.transcript.turns.slice(0, run.transcript.turns.indexOf(turn));
  const handoffsBefore = earlier.flatMap((before) =>
    before.toolUses.filter(
      (use, index) => isHandoff(run, use.name) && run.transcript.callOf(before, index) === undefined,
    ),
  ).length;
  return {
    self: name,
    agents: run.ports.agents.map((agent) => agent.name),
    allowed: run.ports.agents.find((agent) => agent.name === name)?.handoffs ?? [],
    depth,
    depthMax: limits.depth,
    handoffsBefore,
    from,
    requestText: run.request.task,
    trail: trail ?? [],
  };
};

const missingArtifacts = async (run: TaskRun, { to }: HandoffInput): Promise<string | undefined> => {
  const artifacts = [...new Set(to.flatMap((branch) => branch.artifacts ?? []))];
  if (artifacts.length === 0) return undefined;
  const missing = await run.workspace.missing(artifacts);
  if (missing.length === 0) return undefined;
  return `ARTIFACT_NOT_FOUND: the workspace holds no ${missing.slice(0, 3).join(", ")}; write it first, or leave it out`;
};
