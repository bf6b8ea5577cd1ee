import type { ExecutionState } from "../../shared/contracts/execution-state.ts";
import type { Packet } from "../../shared/contracts/handoff.ts";
import type { QuestionView } from "../../shared/contracts/question.ts";
import type { TaskRecord } from "../../shared/contracts/task-record.ts";
import type { Value } from "../../shared/contracts/value.ts";
import type { ApiPorts } from "../../shared/ports/api-ports.ts";
import { defined } from "../defined.ts";
import { isOpenQuestion, packetOf, type Question, questionsOf } from "../question.ts";
import { type CarriedText, carryBlob } from "../stored-text.ts";
import { timestamp } from "./timestamp.ts";

/** The open questions; of a text that is not in the record, its beginning. `records`: of the tasks that ask. */
export const openQuestions = (
  state: ExecutionState,
  records: ReadonlyMap<number, TaskRecord>,
): QuestionView[] =>
  questionsOf(state)
    .filter(isOpenQuestion)
    .flatMap((question) => {
      const packet = packetOf(state, question, records.get(question.requester.n));
      return packet === undefined ? [] : [questionView(state, question, packet, beginning)];
    });

/** One question, open or not, with everything that is asked. Rejects as Blobs.get does. */
export const wholeQuestion = async (
  blobs: ApiPorts["blobs"],
  state: ExecutionState,
  question: Question,
  packet: Packet,
): Promise<QuestionView> => {
  const values = [packet.task, packet.context, packet.approval?.input].filter((value) => value !== undefined);
  const carried = new Map(
    await Promise.all(values.map(async (value) => [value, await carry(blobs, value)] as const)),
  );
  return questionView(state, question, packet, (value) => carried.get(value) ?? beginning(value));
};

const carry = async (blobs: ApiPorts["blobs"], value: Value): Promise<CarriedText> => {
  if ("inline" in value) return { text: value.inline };
  const { preview, ...blob } = value;
  return carryBlob(blobs, blob, preview);
};

const beginning = (value: Value): CarriedText =>
  "inline" in value ? { text: value.inline } : { text: value.preview, bytes: value.bytes };

const questionView = (
  state: ExecutionState,
  { task, handoff, requester }: Question,
  { task: asked, context, options, approval }: Packet,
  show: (value: Value) => CarriedText,
): QuestionView => {
  const question = show(asked);
  const input = approval === undefined ? undefined : show(approval.input);
  const told = context === undefined ? undefined : show(context);
  return defined({
    task: task.n,
    requester: requester.n,
    agent: requester.agent,
    kind: approval === undefined ? ("question" as const) : ("approval" as const),
    question: question.text,
    questionBytes: question.bytes,
    context: told?.text,
    contextBytes: told?.bytes,
    options,
    tool: approval?.tool,
    input: input?.text,
    inputBytes: input?.bytes,
    askedAt: timestamp(task.scheduledAt),
    expiresAt: timestamp(Math.min(handoff.deadlineAt ?? state.deadlineAt, state.deadlineAt)),
  });
};
