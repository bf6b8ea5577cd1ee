import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutionId } from "../../functions/shared/contracts/ids.ts";
import type { AnswerBody, AnswerReceipt } from "../../functions/shared/contracts/question.ts";
import type { ApiClient } from "./api-client.ts";
import { ApiError } from "./errors.ts";

const TRIES_MAX = 10;
const PAUSE_MS = 500;

/**
 * Answers, again while the API says that it cannot be done at this moment: the same answer twice is
 * one. Rejects with ApiError otherwise, and when it has not become possible within some seconds.
 */
export const giveAnswer = async (
  api: ApiClient,
  id: ExecutionId,
  task: number,
  body: AnswerBody,
): Promise<AnswerReceipt> => {
  for (let tries = 1; ; tries++) {
    try {
      return await api.answer(id, task, body);
    } catch (error) {
      const isPassing = error instanceof ApiError && error.problem.code === "UNAVAILABLE";
      if (!isPassing || tries === TRIES_MAX) throw error;
      await sleep(PAUSE_MS);
    }
  }
};
