import { LIMITS } from "../contracts/limits.ts";
import { previewOf } from "../contracts/value.ts";
import { decisionOn } from "./decisions.ts";
import { stoppedBy } from "./interruption.ts";
import { warnedOfStandstill } from "./no-progress.ts";
import { openQuestionOf } from "./question.ts";
import { recordEnd, recordRefusal, recordResult, recordStart, type TurnCall } from "./record-call.ts";
import { refusalOfRepetition } from "./repetition.ts";
import type { Turn } from "./saved-turn.ts";
import type { TaskRun } from "./task-run.ts";
import type { Tool, ToolContext } from "./tool.ts";
import { ToolRefusal } from "./tool.ts";
import type { ToolResult } from "./transcript.ts";

/**
 * Gives every call of a turn that this function can answer its one result, in order; what peers or
 * people must answer first is left open. A failing tool is an answer, not an exception.
 * `outOfTime`: the rest is for the next invocation.
 */
export const runToolCalls = async (run: TaskRun, turn: Turn): Promise<"done" | "outOfTime"> => {
  const calls = turn.toolUses.map((use, index): TurnCall => ({ turn, index, use }));
  const open = calls.filter(({ index }) => run.transcript.resultOf(turn, index) === undefined);
  const tooMany = open.filter(({ index }) => index >= LIMITS.toolCallsPerTurnMax);
  await Promise.all(tooMany.map((call) => recordRefusal(run, call, TOO_MANY(calls.length))));
  for (const call of open) {
    if (call.index >= LIMITS.toolCallsPerTurnMax) break;
    const tool = run.tools.find(call.use.name);
    if (tool?.kind === "suspending" || openQuestionOf(run, call) !== undefined) continue;
    const ownMs = tool?.kind === "ordinary" ? (tool.callMsMax ?? 0) : 0;
    if (run.invocation.remainingMs() < LIMITS.wrapUpMs + ownMs) return "outOfTime";
    await answer(run, call, tool);
  }
  return "done";
};

const answer = async (
  run: TaskRun,
  call: TurnCall,
  tool: Exclude<Tool, { kind: "suspending" }> | undefined,
): Promise<void> => {
  const { turn, index, use } = call;
  const isFound = run.transcript.callOf(turn, index) !== undefined;
  const decision = decisionOn(run, call);
  if (decision?.kind === "result") {
    return isFound ? recordEnd(run, call, "finished", decision) : recordResult(run, call, decision);
  }
  const refusal =
    tool === undefined ? run.tools.refusalOf(use.name) : refusalOfRepetition(run.transcript.turns, turn, use);
  const prepared = tool?.prepare(use.input) ?? NO_TOOL;
  if (tool === undefined || refusal !== undefined || !prepared.ok) {
    // A deploy may have taken away what a dead owner had started.
    if (isFound) return recordEnd(run, call, "unknown", UNKNOWN);
    const content = refusal ?? `INVALID_INPUT: ${prepared.ok ? "" : prepared.problem}`;
    return recordResult(run, call, warned(run, call, { content, isError: true }));
  }
  if (tool.kind === "asking" || "question" in prepared) return recordResult(run, call, APPROVED);
  await checkStops(run);
  // P6: what is found was started by a dead owner, or by a write that only looked failed.
  const isStartedBefore = isFound || (await recordStart(run, call, tool.effect)) === "found";
  if (run.transcript.resultOf(turn, index) !== undefined) return;
  if (isStartedBefore && tool.effect === "external") return findOut(run, call, prepared.reconcile);
  return recordEnd(run, call, "finished", warned(run, call, await execute(run, call, prepared.run)));
};

const warned = ({ transcript }: TaskRun, { turn, use }: TurnCall, result: ToolResult): ToolResult =>
  warnedOfStandstill(transcript, turn, use, result);

/** P3: read anew before each call, for a beat is long compared with what a tool can do. */
const checkStops = async (run: TaskRun): Promise<void> => {
  run.signal.throwIfAborted();
  const cause = await run.permit.stopCause();
  if (cause !== undefined) throw stoppedBy(cause);
};

/** P6: what was started outside is never started again; it is looked for, where that is possible. */
const findOut = async (
  run: TaskRun,
  call: TurnCall,
  reconcile: ((context: ToolContext) => Promise<string | undefined>) | undefined,
): Promise<void> => {
  let content: string | undefined;
  try {
    content = await reconcile?.(contextOf(run, call));
  } catch (error) {
    run.signal.throwIfAborted();
    const reason = error instanceof Error ? error.name : typeof error;
    run.ports.log.warn("outcome was not found", { taskId: run.taskId, tool: call.use.name, error: reason });
  }
  if (content === undefined) return recordEnd(run, call, "unknown", UNKNOWN);
  return recordEnd(run, call, "finished", { content, isError: false });
};

const execute = async (
  run: TaskRun,
  call: TurnCall,
  tool: (context: ToolContext) => Promise<string>,
): Promise<ToolResult> => {
  try {
    return { content: await tool(contextOf(run, call)), isError: false };
  } catch (error) {
    run.signal.throwIfAborted();
    const text = error instanceof Error ? error.message : String(error);
    return {
      content: error instanceof ToolRefusal ? text : `TOOL_FAILED: ${previewOf(text, ERROR_TEXT_BYTES)}`,
      isError: true,
    };
  }
};

const contextOf = (run: TaskRun, { turn, index }: TurnCall): ToolContext => ({
  workspace: run.workspace,
  sandbox: run.ports.sandbox,
  web: run.ports.web,
  callId: `${run.taskId}/${turn.record.n}.${index}`,
  signal: run.signal,
});

const ERROR_TEXT_BYTES = 1024;

/** A tool that asks was one that runs when a person approved it: a deploy lies in between. */
const APPROVED: ToolResult = { content: "approved", isError: false };

const NO_TOOL = { ok: false, problem: "no such tool" } as const;

const TOO_MANY = (count: number): string =>
  `TOO_MANY_CALLS: a turn may make ${LIMITS.toolCallsPerTurnMax} tool calls, this one made ${count}; this call was not run`;

const UNKNOWN: ToolResult = {
  content:
    "OUTCOME_UNKNOWN: the function died while this call ran; it may or may not have had its effect, and was not repeated. Find out before you go on.",
  isError: true,
};
