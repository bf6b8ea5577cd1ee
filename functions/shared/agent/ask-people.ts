import { HUMAN } from "../contracts/human.ts";
import { LIMITS } from "../contracts/limits.ts";
import type { OpenCall } from "./pack-handoffs.ts";
import { openQuestionOf, type Question, questionOf } from "./question.ts";
import { recordRefusal, type TurnCall } from "./record-call.ts";
import { refusalOfRepetition } from "./repetition.ts";
import type { Turn } from "./saved-turn.ts";
import type { TaskRun } from "./task-run.ts";

/**
 * The questions that a turn has left open, each a handoff to the one agent that is a person. Those
 * that must not be asked get their error result.
 */
export const askPeople = async (run: TaskRun, turn: Turn): Promise<OpenCall[]> => {
  const open = callsOf(turn).filter(({ index }) => run.transcript.resultOf(turn, index) === undefined);
  const asked: OpenCall[] = [];
  let questions = questionsBefore(run, turn);
  for (const call of open) {
    const question = openQuestionOf(run, call);
    if (question === undefined) continue;
    const problem = refusalOf(run, call, questions);
    if (problem !== undefined) {
      await recordRefusal(run, call, problem);
      continue;
    }
    questions += 1;
    asked.push(toOpenCall(run, call, question));
  }
  return asked;
};

const callsOf = (turn: Turn): TurnCall[] => turn.toolUses.map((use, index) => ({ turn, index, use }));

/** What a model asked before. A call that was wrong asked nobody. */
const questionsBefore = (run: TaskRun, turn: Turn): number =>
  run.transcript.turns
    .slice(0, run.transcript.turns.indexOf(turn))
    .flatMap(({ toolUses }) => toolUses.filter((use) => questionOf(run, use) !== undefined)).length;

const refusalOf = (run: TaskRun, { turn, use }: TurnCall, questions: number): string | undefined => {
  const repeated = refusalOfRepetition(run.transcript.turns, turn, use);
  if (repeated !== undefined) return repeated;
  // An approval is given to a call id: it must not stand for two calls.
  if (turn.toolUses.filter(({ id }) => id === use.id).length > 1) {
    return "AMBIGUOUS_CALL: another call of this turn has the same id, so that nobody can be asked about this one";
  }
  if (questions < LIMITS.questionsPerTaskMax) return undefined;
  return `TOO_MANY_QUESTIONS: a task may ask a person ${LIMITS.questionsPerTaskMax} times; go on with what you know`;
};

const toOpenCall = (run: TaskRun, { use }: TurnCall, question: Question): OpenCall => {
  const { text, deadlineSeconds, ...packet } = question;
  return {
    callId: use.id,
    mode: "single",
    to: [{ agent: HUMAN, task: text, ...packet }],
    deadlineSeconds: deadlineSeconds ?? patienceSeconds(run),
  };
};

/** Half of what is left, so that the agent can still finish when nobody answers. */
const patienceSeconds = ({ held, ports }: TaskRun): number => {
  const leftMs = held.task.record.request.deadlineAt - ports.clock.now();
  return Math.min(Math.max(Math.floor(leftMs / 2000), 1), LIMITS.deadlineSecondsMax);
};
