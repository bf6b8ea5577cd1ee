import type { HandoffCall } from "../contracts/handoff.ts";
import { askPeople } from "./ask-people.ts";
import { packHandoffs } from "./pack-handoffs.ts";
import { requestHandoffs } from "./request-handoffs.ts";
import type { Turn } from "./saved-turn.ts";
import type { TaskRun } from "./task-run.ts";

/**
 * What a turn has left open for peers and people to answer, ready to suspend on, all at once. None
 * left means that the turn goes on.
 */
export const callsForOthers = async (run: TaskRun, turn: Turn): Promise<HandoffCall[]> => {
  const questions = await askPeople(run, turn);
  const handoffs = await requestHandoffs(run, turn, questions.length);
  return packHandoffs(run.ports.blobs, run.held.task.record.executionId, [...handoffs, ...questions]);
};
