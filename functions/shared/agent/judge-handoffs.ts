import { LIMITS } from "../contracts/limits.ts";
import type { ToolUseBlock } from "../contracts/model-message.ts";
import { nearestName } from "../kernel/nearest-name.ts";
import { HandoffInput } from "./handoff-tool.ts";
import { markOf, wordsOf } from "./handoff-trail.ts";
import { problemsOf, ToolRefusal } from "./tool.ts";
import { workspacePath } from "./workspace-path.ts";

/** What a handoff is judged by. Everything is known before anything is paid. */
export interface HandoffRules {
  readonly self: string;
  /** Everybody there is. */
  readonly agents: readonly string[];
  /** Whom this agent may hand off to. */
  readonly allowed: readonly string[];
  /** Of the task that asks; its branches are one deeper. */
  readonly depth: number;
  readonly depthMax: number;
  /** Handoffs that this task made before. */
  readonly handoffsBefore: number;
  /** Calls of the same turn that wait for a person. */
  readonly questions: number;
  /** Who asked for this task, and in which words. */
  readonly from: string | null;
  readonly requestText: string;
  /** Marks of what was asked of all those above this task. */
  readonly trail: readonly string[];
}

export type JudgedHandoff<Call> = { readonly call: Call } & (
  | { readonly ok: true; readonly input: HandoffInput }
  | { readonly ok: false; readonly problem: string }
);

/**
 * Judges all handoff calls of one turn. Each is judged for itself first; the turn's sums (branches,
 * handoffs, artifacts) then let calls pass in order until one does not fit.
 */
export const judgeHandoffs = <Call extends { readonly use: Pick<ToolUseBlock, "input"> }>(
  calls: readonly Call[],
  rules: HandoffRules,
): JudgedHandoff<Call>[] => {
  let branches = 0;
  let artifactBytes = 0;
  let handoffs = rules.handoffsBefore;
  return calls.map((call) => {
    try {
      const input = judgeOne(call.use.input, rules, calls.length + rules.questions > 1);
      const bytes = input.to.reduce(
        (sum, { artifacts = [] }) => sum + Buffer.byteLength(artifacts.join("")),
        0,
      );
      refuseFanOut(branches + input.to.length);
      refuseIf(
        handoffs + 1 > LIMITS.handoffsPerTaskMax,
        "TOO_MANY_HANDOFFS",
        `a task may make ${LIMITS.handoffsPerTaskMax} handoffs; finish with what you have`,
      );
      refuseIf(
        artifactBytes + bytes > LIMITS.artifactsBytesMax,
        "ARTIFACTS_TOO_LARGE",
        `the artifact paths of a turn may have ${LIMITS.artifactsBytesMax} bytes; name the folder in the task instead`,
      );
      branches += input.to.length;
      artifactBytes += bytes;
      handoffs += 1;
      return { call, ok: true, input };
    } catch (error) {
      if (!(error instanceof ToolRefusal)) throw error;
      return { call, ok: false, problem: error.message };
    }
  });
};

const judgeOne = (raw: unknown, rules: HandoffRules, hasCompany: boolean): HandoffInput => {
  const parsed = HandoffInput.safeParse(raw);
  if (!parsed.success) throw new ToolRefusal("INVALID_INPUT", problemsOf(parsed.error));
  const { mode, to, onFailure } = parsed.data;
  refuseFanOut(to.length);
  for (const { agent } of to) checkTarget(agent, rules);
  refuseIf(
    rules.depth + 1 > rules.depthMax,
    "DEPTH_EXCEEDED",
    `handoffs may nest ${rules.depthMax} deep and this task is ${rules.depth} deep; answer yourself`,
  );
  refuseIf(
    mode !== "parallel" && to.length > 1,
    "ONE_TARGET_ONLY",
    `mode "${mode}" names one agent, this call names ${to.length}; use "parallel"`,
  );
  refuseIf(
    mode === "transfer" && hasCompany,
    "TRANSFER_NOT_ALONE",
    "a transfer gives the task away, so no other handoff and no question may stand beside it",
  );
  refuseIf(
    typeof onFailure === "object" && onFailure.quorum > to.length,
    "QUORUM_TOO_LARGE",
    `a quorum of ${typeof onFailure === "object" ? onFailure.quorum : 0} cannot be met by ${to.length} branches`,
  );
  refuseDuplicates(to);
  refuseIf(
    to.some(({ agent, task }) => agent === rules.from && wordsOf(task) === wordsOf(rules.requestText)),
    "REPEATED_HANDOFF",
    `"${rules.from}" asked you for exactly this; do it, or answer why it cannot be done`,
  );
  for (const { agent, task } of to) {
    refuseIf(
      rules.trail.includes(markOf(agent, task)),
      "REPEATED_HANDOFF",
      `"${agent}" was asked exactly this before, further up in the handoffs that led to you; do it, or answer why it cannot be done`,
    );
  }
  return {
    ...parsed.data,
    to: to.map((branch) => ({ ...branch, artifacts: (branch.artifacts ?? []).map(workspacePath) })),
  };
};

const refuseFanOut = (branches: number): void =>
  refuseIf(
    branches > LIMITS.fanOutMax,
    "FANOUT_TOO_LARGE",
    `a turn may hand off to ${LIMITS.fanOutMax} branches in all, and with this call it would be ${branches}`,
  );

const checkTarget = (agent: string, { self, agents, allowed }: HandoffRules): void => {
  const choice = allowed.length === 0 ? "nobody" : allowed.map((name) => `"${name}"`).join(", ");
  refuseIf(agent === self, "SELF_HANDOFF", `you are "${self}"; you may hand off to ${choice}`);
  if (allowed.includes(agent)) return;
  const shown = JSON.stringify(agent.slice(0, 80));
  refuseIf(
    agents.includes(agent),
    "HANDOFF_NOT_ALLOWED",
    `you may not hand off to ${shown}, only to ${choice}`,
  );
  const nearest = nearestName(agent, allowed);
  const hint = nearest === undefined ? "" : ` (did you mean "${nearest}"?)`;
  throw new ToolRefusal(
    "AGENT_NOT_FOUND",
    `there is no agent ${shown}${hint}; you may hand off to ${choice}`,
  );
};

/** The same agent twice is fine when the tasks differ; the same question twice is money for nothing. */
const refuseDuplicates = (to: HandoffInput["to"]): void => {
  const seen = new Set<string>();
  for (const { agent, task } of to) {
    const key = JSON.stringify([agent, wordsOf(task)]);
    refuseIf(
      seen.has(key),
      "DUPLICATE_BRANCH",
      `"${agent}" is asked the same twice; give each branch a task of its own`,
    );
    seen.add(key);
  }
};

const refuseIf = (condition: boolean, code: string, message: string): void => {
  if (condition) throw new ToolRefusal(code, message);
};
