import type { BranchResult } from "../contracts/handoff.ts";
import { isHuman } from "../contracts/human.ts";
import type { JoinedAnswers } from "../contracts/task-record.ts";
import type { Blobs } from "../ports/blobs.ts";
import type { TurnCall } from "./record-call.ts";
import { readValue } from "./stored-value.ts";
import type { TaskRun } from "./task-run.ts";
import type { ToolResult } from "./transcript.ts";

/** What a person said to one call, or that nobody said anything: to run it, or what its result is instead. */
export type CallDecision = { readonly kind: "run" } | ({ readonly kind: "result" } & ToolResult);

/** By turn and call id: a later turn may use an id again, and is not decided on by it. */
export type Decisions = ReadonlyMap<string, CallDecision>;

export const NO_DECISIONS: Decisions = new Map();

/**
 * The decisions on the questions of one turn, from the join's answers. They stay in the record until
 * the next suspension, and each becomes a CALL item before that (P6, P14), so nothing is decided twice.
 */
export const decisionsOf = async (
  turn: number,
  { results }: JoinedAnswers,
  blobs: Blobs,
): Promise<Decisions> => {
  const decided = results
    .filter(isQuestion)
    .map(
      async ({ callId, branches: [branch] }) => [keyOf(turn, callId), await decide(branch, blobs)] as const,
    );
  return new Map(await Promise.all(decided));
};

export const isQuestion = ({ branches }: JoinedAnswers["results"][number]): boolean =>
  branches.length === 1 && branches.every(({ agent }) => isHuman(agent));

export const decisionOn = ({ decisions }: TaskRun, { turn, use }: TurnCall): CallDecision | undefined =>
  decisions.get(keyOf(turn.record.n, use.id));

const keyOf = (turn: number, callId: string): string => `${turn}|${callId}`;

/** A call is run after an approval and after nothing else. */
const decide = async (branch: BranchResult | undefined, blobs: Blobs): Promise<CallDecision> => {
  const answer = branch?.status === "succeeded" ? branch.answer : undefined;
  if (answer === undefined) return { kind: "result", content: unanswered(branch), isError: true };
  if ("blob" in answer) {
    const content = await readValue(blobs, { ...answer.blob, preview: answer.preview });
    return { kind: "result", content, isError: false };
  }
  switch (answer.decision) {
    case "approved":
      return { kind: "run" };
    case "rejected":
      return { kind: "result", content: `REJECTED: ${answer.text}`, isError: true };
    case undefined:
      return { kind: "result", content: answer.text, isError: false };
  }
};

const unanswered = (branch: BranchResult | undefined): string =>
  branch?.status === "timed_out"
    ? "NO_ANSWER: nobody answered in time, and nothing was run; go on without it, and say in your answer what is therefore open"
    : `NOT_ASKED: ${branch?.error?.message ?? "the question could not be asked"}; nothing was run; go on without it`;
