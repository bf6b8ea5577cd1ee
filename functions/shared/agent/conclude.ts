import type { Answer } from "../contracts/handoff.ts";
import { splitTaskId } from "../contracts/ids.ts";
import type { Attribute } from "../contracts/item.ts";
import { LIMITS } from "../contracts/limits.ts";
import { taskKey } from "../contracts/resources.ts";
import type { TaskRecord, TurnRecord } from "../contracts/task-record.ts";
import { addUsage, type Usage } from "../contracts/usage.ts";
import { previewOf } from "../contracts/value.ts";
import type { Verdict } from "../ports/queues.ts";
import type { Change } from "../ports/store.ts";
import type { AgentPorts } from "./agent-ports.ts";
import { releaseClaim, whileHeld } from "./claim.ts";
import type { Ending } from "./ending.ts";
import { orUnsure } from "./or-unsure.ts";
import type { TaskRun } from "./task-run.ts";

/** What a conclusion needs of a run; there is less of one when its checkpoint was lost. */
export type Concluding = Pick<TaskRun, "ports" | "held" | "permit" | "receiveCount" | "unsavedUsage"> & {
  readonly transcript: { readonly saved: readonly TurnRecord[] };
};

type Outcome = Exclude<Ending, { readonly kind: "outOfTime" | "waits" | "fenced" }>;

/** The message comes back soon; then the record says what to do (P8, P13). */
const LOOK_AGAIN: Verdict = { returnAfterSeconds: 1 };

/** Waiting is no failure: a message that was returned this often is replaced before it becomes a dead letter. */
const RETURNS_MAX = 2;

/** Puts an ending on record, tells of it, and says what becomes of the message. */
export const conclude = (run: Concluding, ending: Ending): Promise<Verdict> => {
  switch (ending.kind) {
    case "fenced":
      return Promise.resolve(LOOK_AGAIN);
    case "outOfTime":
      return giveBack(run, 0);
    case "waits":
      return giveBack(run, ending.seconds);
    case "answered":
    case "failed":
    case "suspended":
      return storeAndTell(run, ending);
  }
};

/**
 * P8: store, then tell, then acknowledge.
 *
 * Settling runs beside the write of the outcome. The TURN is saved before either, so whatever a
 * crash leaves out is made good: when the outcome is missing, by the next owner, who settles with
 * the TURN's usage before it reserves; when the settling is missing, by the redelivery of this
 * message, which finds the record ended and settles what is left.
 */
const storeAndTell = async (run: Concluding, outcome: Outcome): Promise<Verdict> => {
  if (!(await run.permit.fence())) return LOOK_AGAIN;
  const { record } = run.held.task;
  const change = await changeOf(run, outcome);
  const write = () => run.ports.store.update(taskKey(record.agent, record.taskId), change);
  const [first] = await Promise.all([orUnsure(write()), run.permit.settle()]);
  const written = first === "unsure" ? await write() : first;
  if (written === "refused") {
    run.ports.log.warn("outcome refused: the record is not ours", {
      taskId: record.taskId,
      epoch: run.held.epoch,
    });
    return LOOK_AGAIN;
  }
  try {
    await tell(run.ports, record);
    return "done";
  } catch {
    // The outcome is stored; the message comes back and tells again.
    return LOOK_AGAIN;
  }
};

/** "Look at this task": what happened stands in the record. */
export const tell = ({ queues }: AgentPorts, record: TaskRecord): Promise<void> => {
  const { executionId, n } = splitTaskId(record.taskId);
  const hint = { v: 1, kind: "look", executionId, task: n, agent: record.agent } as const;
  return queues.sendHint(hint, { group: record.tenant });
};

/** Released first: a continuation that found the claim held would take itself for a duplicate (P13). */
const giveBack = async (run: Concluding, delaySeconds: number): Promise<Verdict> => {
  const [written] = await Promise.all([releaseClaim(run.ports, run.held, delaySeconds), run.permit.settle()]);
  if (written === "refused") return LOOK_AGAIN;
  if (delaySeconds > 0 && run.receiveCount <= RETURNS_MAX) return { returnAfterSeconds: delaySeconds };
  const { agent, taskId } = run.held.task.record;
  await run.ports.queues.sendWork(agent, { v: 1, kind: "work", taskId }, { delaySeconds });
  return "done";
};

const changeOf = async (run: Concluding, outcome: Outcome): Promise<Change> => {
  const common = {
    add: [[["version"], 1]],
    when: whileHeld(run.held),
  } as const;
  const sums = [
    [["usage"], { ...usageOf(run) }],
    [["turns"], Math.max(run.held.task.record.turns, run.transcript.saved.length)],
  ] as const;
  switch (outcome.kind) {
    case "answered":
      return {
        ...common,
        set: [
          ...sums,
          [["status"], "SUCCEEDED"],
          [["answer"], asAttribute(await answerOf(run, outcome.text))],
        ],
        remove: [["claim"]],
      };
    case "failed":
      return {
        ...common,
        set: [...sums, [["status"], "FAILED"], [["failure"], asAttribute(outcome.failure)]],
        remove: [["claim"]],
      };
    case "suspended": {
      const k = (run.held.task.record.suspension?.k ?? 0) + 1;
      const { turn, calls, trail } = outcome;
      const suspension = { k, turn, calls, trail };
      return {
        ...common,
        set: [...sums, [["status"], "SUSPENDED"], [["suspension"], asAttribute(suspension)]],
        // The answers of the last suspension are with the turn that was given them.
        remove: [["claim"], ["answers"]],
      };
    }
  }
};

/** Contract values are JSON; only the type says that an optional field could be there as `undefined`. */
const asAttribute = (value: object): Attribute => value as unknown as Attribute;

/** The record's usage covers the turns that it counts; the rest is added to it. */
const usageOf = ({ held, transcript, unsavedUsage }: Concluding): Usage =>
  transcript.saved
    .filter((turn) => turn.n > held.task.record.turns)
    .reduce((sum, turn) => addUsage(sum, turn.usage), addUsage(held.task.record.usage, unsavedUsage));

/** [bad-input 34, 51] What does not fit the requester's record is a blob of the execution. */
const answerOf = async (run: Concluding, text: string): Promise<Answer> => {
  const { request, executionId } = run.held.task.record;
  if (Buffer.byteLength(text) <= request.answerInlineBytes) return { text };
  const blob = await run.ports.blobs.put(executionId, text);
  return {
    blob: { ...blob },
    preview: previewOf(text, Math.min(LIMITS.answerPreviewBytes, request.answerInlineBytes)),
  };
};
