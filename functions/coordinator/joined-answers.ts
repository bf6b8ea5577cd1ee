import type { TaskState } from "../shared/contracts/execution-state.ts";
import type { BranchResult } from "../shared/contracts/handoff.ts";
import { taskIdOf } from "../shared/contracts/ids.ts";
import { taskKey } from "../shared/contracts/resources.ts";
import type { JoinedAnswers } from "../shared/contracts/task-record.ts";
import type { Store } from "../shared/ports/store.ts";
import type { Assignment } from "./carry-out.ts";
import { branchStatus } from "./core/join.ts";
import { answeringTask, branchesOf, latestHandoffs } from "./core/state.ts";
import { readRecord, type SeenRecord } from "./facts.ts";
import { getAll } from "./look.ts";

/** What the handoff calls of a task's latest suspension brought, each in its declared order. */
export const joinedAnswers = async (
  store: Store,
  assignment: Assignment,
  requester: TaskState,
): Promise<JoinedAnswers> => {
  const { state } = assignment.stored;
  const handoffs = latestHandoffs(state, requester);
  const branches = handoffs.flatMap((handoff) => branchesOf(state, handoff));
  const records = await answeringRecords(store, assignment, branches);
  const resultOf = (branch: TaskState): BranchResult => {
    const who = { agent: branch.agent, taskId: taskIdOf(state.executionId, branch.n) };
    const status = branchStatus(branch);
    if (status !== "succeeded") {
      const { name, message } = branch.failure ?? { name: "Internal", message: "no reason was recorded" };
      return { ...who, status, error: { name, message } };
    }
    const record = records.get(branch.n);
    if (typeof record === "object" && record.status === "SUCCEEDED") {
      return { ...who, status, answer: record.answer };
    }
    const message = "the record that held the answer is not readable";
    return { ...who, status: "failed", error: { name: "StateUnreadable", message } };
  };
  return {
    k: requester.suspensions,
    results: handoffs.map((handoff) => ({
      callId: handoff.callId,
      branches: branchesOf(state, handoff).map(resultOf),
    })),
  };
};

/** By branch; where a transfer gave a branch's place away, the record of who answered in the end. */
const answeringRecords = async (
  store: Store,
  { stored: { state }, records }: Assignment,
  branches: readonly TaskState[],
): Promise<Map<number, SeenRecord>> => {
  const answering = branches
    .filter(({ status }) => status === "SUCCEEDED")
    .map((branch) => ({ branch, task: answeringTask(state, branch) }));
  const found = new Map<number, SeenRecord>();
  const unread = answering.filter(({ branch, task }) => {
    const record = records.get(task.n);
    if (record !== undefined) found.set(branch.n, record);
    return record === undefined;
  });
  const items = await getAll(
    store,
    unread.map(({ task }) => taskKey(task.agent, taskIdOf(state.executionId, task.n))),
  );
  unread.forEach(({ branch, task }, index) => {
    found.set(branch.n, readRecord(items[index], taskIdOf(state.executionId, task.n)));
  });
  return found;
};
