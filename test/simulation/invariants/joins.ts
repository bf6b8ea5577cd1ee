import { isDeepStrictEqual } from "node:util";
import { answeringTask } from "../../../functions/coordinator/core/state.ts";
import type { ExecutionState, HandoffState } from "../../../functions/shared/contracts/execution-state.ts";
import type { HistoryEvent } from "../../../functions/shared/contracts/history-event.ts";
import { splitTaskId, taskIdOf } from "../../../functions/shared/contracts/ids.ts";
import { taskKey } from "../../../functions/shared/contracts/resources.ts";
import type { JoinedAnswers } from "../../../functions/shared/contracts/task-record.ts";
import { must } from "../violation.ts";
import type { WriteSeen } from "../watch.ts";
import type { Books, StateWatch, StateWrite } from "./books.ts";

const STATUS: Readonly<Record<string, string>> = {
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  TIMED_OUT: "timed_out",
  ABORTED: "aborted",
};

/** Invariant 9: a join happens once, after every branch is decided, and says so in the declared order. */
export const orderedJoins = (books: Books): StateWatch => {
  const joined = new Set<string>();
  const resumed = new Set<string>();

  const checkCompleted = (
    write: StateWrite,
    event: Extract<HistoryEvent, { type: "HandoffCompleted" }>,
  ): void => {
    const { executionId, after } = write;
    const say = (what: string) => () => `handoff ${event.handoff} of ${executionId}: ${what}`;
    must(!joined.has(`${executionId}#${event.handoff}`), 9, say("joins twice"));
    joined.add(`${executionId}#${event.handoff}`);
    const handoff = after.state.handoffs[event.handoff - 1];
    must(handoff !== undefined, 9, say("does not exist"));
    must(
      isDeepStrictEqual(
        event.results.map(({ task }) => task),
        handoff.branches,
      ),
      9,
      say("its results are not in the declared order"),
    );
    for (const { task, status } of event.results) {
      const branch = after.state.tasks[task - 1];
      must(
        STATUS[branch?.status ?? ""] === status,
        9,
        say(`task ${task} is ${branch?.status}, not ${status}`),
      );
    }
    checkTime(write, handoff, say);
  };

  /** Branches may be given up at a join only where its policy says so. */
  const checkTime = (
    { executionId, after, newEvents }: StateWrite,
    handoff: HandoffState,
    say: (what: string) => () => string,
  ): void => {
    const branches = handoff.branches.flatMap((n) => after.state.tasks[n - 1] ?? []);
    const succeeded = branches.filter(({ status }) => status === "SUCCEEDED").length;
    const givenUp = branches.filter(
      ({ n, agent, status }) =>
        status === "ABORTED" &&
        newEvents.some((event) => event.type === "TaskAborted" && event.task === n) &&
        books.peek(taskKey(agent, taskIdOf(executionId, n)))?.["status"] !== "FAILED",
    ).length;
    if (givenUp === 0) return;
    const { onFailure } = handoff;
    // An heir's fate reaches the branch through a transfer.
    if (
      branches.some(({ n }) => after.state.handoffs.some((h) => h.mode === "transfer" && h.requester === n))
    )
      return;
    must(onFailure !== "collect", 9, say("joins before its last branch"));
    if (onFailure === "fail-fast") {
      must(branches.length - succeeded > givenUp, 9, say("fails fast without a failure"));
    } else if (typeof onFailure === "object") {
      const { quorum } = onFailure;
      must(
        succeeded >= quorum || branches.length - (branches.length - succeeded - givenUp) < quorum,
        9,
        say("joins without its quorum"),
      );
    }
  };

  const checkAnswers = ({ key, after }: WriteSeen): void => {
    const taskId = String(after["taskId"]);
    const { executionId, n } = splitTaskId(taskId);
    const state = books.view(executionId)?.state as ExecutionState;
    const answers = after["answers"] as JoinedAnswers;
    const say = (what: string) => () => `the answers in ${key.pk}: ${what}`;
    const { k, calls } = after["suspension"] as { k: number; calls: { callId: string }[] };
    must(answers.k === k, 9, say("are of another suspension"));
    const handoffs = state.handoffs.filter((handoff) => handoff.requester === n && handoff.k === k);
    must(
      isDeepStrictEqual(
        answers.results.map(({ callId }) => callId),
        calls.map(({ callId }) => callId),
      ),
      9,
      say("are not in the order of the calls"),
    );
    answers.results.forEach(({ branches }, index) => {
      const expected = handoffs[index]?.branches ?? [];
      must(branches.length === expected.length, 9, say("are too few or too many"));
      branches.forEach((branch, place) => {
        const task = state.tasks[(expected[place] ?? 0) - 1];
        must(
          task !== undefined &&
            branch.taskId === taskIdOf(executionId, task.n) &&
            branch.agent === task.agent,
          9,
          say("are not in the declared order"),
        );
        must(branch.status === STATUS[task.status], 9, say(`task ${task.n} is ${task.status}`));
        if (task.status !== "SUCCEEDED") return;
        const answering = answeringTask(state, task);
        const record = books.peek(taskKey(answering.agent, taskIdOf(executionId, answering.n)));
        must(
          isDeepStrictEqual(branch.answer, record?.["answer"]),
          9,
          say(`the answer of task ${task.n} is another than its record's`),
        );
      });
    });
  };

  return {
    wrote(seen) {
      const { key, before, after } = seen;
      if (key.sk === "TASK" && before?.["status"] === "SUSPENDED" && after["answers"] !== undefined) {
        checkAnswers(seen);
      }
    },
    stateWrote(write) {
      if (books.isGarbage(write.executionId)) return;
      for (const event of write.newEvents) {
        if (event.type === "HandoffCompleted") checkCompleted(write, event);
        if (event.type === "TaskResumed") {
          const key = `${write.executionId}.${event.task}#${event.k}`;
          must(!resumed.has(key), 9, () => `${key} resumes twice`);
          resumed.add(key);
          const open = write.after.state.handoffs.filter(
            ({ requester, k, status }) => requester === event.task && k === event.k && status === "OPEN",
          );
          must(open.length === 0, 9, () => `${key} resumes before all its handoffs have joined`);
        }
      }
    },
  };
};
