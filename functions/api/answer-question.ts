import type { Answer } from "../shared/contracts/handoff.ts";
import { HUMAN } from "../shared/contracts/human.ts";
import { type ExecutionId, type Instant, type TaskNumber, taskIdOf } from "../shared/contracts/ids.ts";
import type { Attribute } from "../shared/contracts/item.ts";
import { LIMITS } from "../shared/contracts/limits.ts";
import type { AnswerBody } from "../shared/contracts/question.ts";
import { taskKey } from "../shared/contracts/resources.ts";
import { TaskRecord } from "../shared/contracts/task-record.ts";
import { previewOf } from "../shared/contracts/value.ts";
import { RetryableError } from "../shared/kernel/errors.ts";
import type { ApiPorts } from "../shared/ports/api-ports.ts";
import { findExecution } from "./find-execution.ts";
import { ApiProblem } from "./problems.ts";
import { type Question, questionAt } from "./question.ts";

//   I1. A question is answered once: by the first write that finds its record SCHEDULED (P1).
//   I2. An answer is stored, then told, then acknowledged (P8). Whoever sends it again tells again.
//   I3. Only an approval approves: an answer of another kind is refused.

export interface GivenAnswer {
  readonly id: ExecutionId;
  readonly tenant: string;
  /** Who answers, as the gateway knows them. */
  readonly caller: string;
  readonly n: TaskNumber;
  readonly body: AnswerBody;
}

export interface Receipt {
  readonly task: TaskNumber;
  readonly answeredAt: Instant;
  readonly isRepeated: boolean;
}

type Ports = Pick<ApiPorts, "store" | "blobs" | "queues" | "clock">;
type Answered = Extract<TaskRecord, { status: "SUCCEEDED" }>;

/**
 * Records a person's answer to an open question and tells the coordinator of it. Throws
 * `QUESTION_CLOSED`, `ALREADY_ANSWERED` when there is another answer, `INVALID_ANSWER` when it is not
 * of the question's kind. Rejects with RetryableError when the hint could not be sent: then the
 * answer is stored, and sending it again tells of it.
 */
export const answerQuestion = async (ports: Ports, given: GivenAnswer): Promise<Receipt> => {
  const { state } = await findExecution(ports.store, given.tenant, given.id);
  const question = questionAt(state, given.n);
  const record = await readQuestion(ports, given.id, question);
  checkKind(question, record, given.body);
  checkOpen(question, given.id);
  const answer = await toAnswer(ports, record, given.body);
  const { answered, isRepeated } = await store(ports, given, question, record, answer);
  if (!isSame(answered.answer, answer)) {
    throw new ApiProblem("ALREADY_ANSWERED", `task ${question.task.n} has another answer already`);
  }
  // STATE that has the answer needs no hint.
  if (question.task.status === "SCHEDULED") await tell(ports, given, question);
  return { task: question.task.n, answeredAt: answered.answeredBy?.at ?? 0, isRepeated };
};

/** Rejects with RetryableError between the commit that asks and the drain that creates the record. */
const readQuestion = async ({ store }: Ports, id: ExecutionId, { task }: Question): Promise<TaskRecord> => {
  const item = await store.get(taskKey(HUMAN, taskIdOf(id, task.n)));
  if (item !== undefined) return TaskRecord.parse(item);
  if (task.status === "SCHEDULED") throw new RetryableError("Internal", "the question is being asked");
  throw closed(task);
};

const checkKind = ({ task }: Question, { request }: TaskRecord, body: AnswerBody): void => {
  const { approval } = request.packet;
  if ("decision" in body === (approval !== undefined)) return;
  const detail =
    approval === undefined
      ? `task ${task.n} asks a question; answer it with {"text": "…"}`
      : `task ${task.n} asks for approval; answer it with {"decision": "approve"} or {"decision": "reject", "reason": "…"}`;
  throw new ApiProblem("INVALID_ANSWER", detail);
};

/** What was answered in time stays answered, also when the execution has ended since. */
const checkOpen = ({ task }: Question, id: ExecutionId): void => {
  if (task.status !== "SCHEDULED" && task.status !== "SUCCEEDED") throw closed(task, id);
};

const closed = ({ n, status }: Question["task"], id?: ExecutionId): ApiProblem =>
  new ApiProblem(
    "QUESTION_CLOSED",
    `task ${n}${id === undefined ? "" : ` of ${id}`} is ${status}: nobody waits for its answer any more`,
  );

const toAnswer = async ({ blobs }: Ports, record: TaskRecord, body: AnswerBody): Promise<Answer> => {
  if ("decision" in body) {
    return body.decision === "approve"
      ? { text: "approved", decision: "approved" }
      : { text: body.reason, decision: "rejected" };
  }
  const { answerInlineBytes } = record.request;
  if (Buffer.byteLength(body.text) <= answerInlineBytes) return { text: body.text };
  const blob = await blobs.put(record.executionId, body.text);
  const preview = previewOf(body.text, Math.min(LIMITS.answerPreviewBytes, answerInlineBytes));
  return { blob: { ...blob }, preview };
};

/** I1. A refusal settles nothing: the write may have been applied, so that the record is read again. */
const store = async (
  ports: Ports,
  { id, caller }: GivenAnswer,
  question: Question,
  record: TaskRecord,
  answer: Answer,
): Promise<{ answered: Answered; isRepeated: boolean }> => {
  if (record.status === "SUCCEEDED") return { answered: record, isRepeated: true };
  const answeredBy = { caller, at: ports.clock.now() };
  const written = await ports.store.update(taskKey(HUMAN, record.taskId), {
    set: [
      [["status"], "SUCCEEDED"],
      [["answer"], answer as Attribute],
      [["answeredBy"], answeredBy],
    ],
    add: [[["version"], 1]],
    when: [{ path: ["status"], is: "equal", value: "SCHEDULED" }],
  });
  if (written === "applied") {
    return { answered: { ...record, status: "SUCCEEDED", answer, answeredBy }, isRepeated: false };
  }
  const stored = await readQuestion(ports, id, question);
  if (stored.status !== "SUCCEEDED") throw new RetryableError("Internal", "the answer was not stored");
  return { answered: stored, isRepeated: true };
};

const isSame = (a: Answer, b: Answer): boolean => {
  if ("blob" in a || "blob" in b) return "blob" in a && "blob" in b && a.blob.sha256 === b.blob.sha256;
  return a.text === b.text && a.decision === b.decision;
};

const tell = ({ queues }: Ports, { id, tenant }: GivenAnswer, { task }: Question): Promise<void> =>
  queues.sendHint({ v: 1, kind: "look", executionId: id, task: task.n, agent: HUMAN }, { group: tenant });
