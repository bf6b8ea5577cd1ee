import { readValue } from "../../shared/agent/stored-value.ts";
import type { TaskDetail, ToolCallView, TurnView } from "../../shared/contracts/api.ts";
import type { ExecutionState, HandoffState, TaskState } from "../../shared/contracts/execution-state.ts";
import type { BranchStatus } from "../../shared/contracts/handoff.ts";
import { type AssistantBlock, isText, isToolUse } from "../../shared/contracts/model-message.ts";
import { Permit } from "../../shared/contracts/permit.ts";
import { permitKey } from "../../shared/contracts/resources.ts";
import type { CallRecord, TaskRecord, TurnRecord } from "../../shared/contracts/task-record.ts";
import { previewOf, type Value, valuePreview } from "../../shared/contracts/value.ts";
import { RetryableError } from "../../shared/kernel/errors.ts";
import type { ApiPorts } from "../../shared/ports/api-ports.ts";
import { defined } from "../defined.ts";
import { questionsOf } from "../question.ts";
import { wholeQuestion } from "./question-view.ts";
import { readActivity, type TaskActivity } from "./task-activity.ts";
import { endedTaskView, isOpen, openTaskView } from "./task-view.ts";
import { timestamp } from "./timestamp.ts";

const REQUEST_BYTES_MAX = 64 * 1024;
const ANSWER_BYTES_MAX = 16 * 1024;
const TURN_TEXT_BYTES_MAX = 8 * 1024;
const CALL_BYTES_MAX = 1024;

/** One task with its turns and tool calls; long texts are cut, so that 50 turns fit one response. */
export const viewTask = async (
  { store, blobs }: Pick<ApiPorts, "store" | "blobs">,
  state: ExecutionState,
  task: TaskState,
): Promise<TaskDetail> => {
  const activity = await readActivity(store, state.executionId, task);
  const permit = isOpen(task)
    ? Permit.safeParse(await store.get(permitKey(state.executionId))).data
    : undefined;
  const view = isOpen(task)
    ? openTaskView(state, task, activity, permit)
    : endedTaskView(state, task, activity.calls.length);
  const { record } = activity;
  const request = record === undefined ? "" : await readRequest(blobs, record.request.packet.task);
  const results = state.handoffs.filter(({ requester }) => requester === task.n);
  return defined({
    ...view,
    request: previewOf(request, REQUEST_BYTES_MAX),
    requestBytes: Buffer.byteLength(request) > REQUEST_BYTES_MAX ? Buffer.byteLength(request) : undefined,
    answer: record?.status === "SUCCEEDED" ? answerPreview(record.answer) : undefined,
    ...(await personsPart(blobs, state, task, record)),
    handoffResults:
      results.length === 0 ? undefined : results.flatMap((handoff) => branchesOf(state, handoff)),
    turnList: await Promise.all(activity.turns.map((turn) => viewTurn(blobs, state, task, activity, turn))),
  });
};

/** Of a person's task only: everything that is asked, and what came of it. */
const personsPart = async (
  blobs: ApiPorts["blobs"],
  state: ExecutionState,
  task: TaskState,
  record: TaskRecord | undefined,
): Promise<Pick<TaskDetail, "question" | "decision" | "answeredBy" | "answeredAt">> => {
  const question = questionsOf(state).find((one) => one.task.n === task.n);
  if (question === undefined || record === undefined) return {};
  const answered = record.status === "SUCCEEDED" ? record : undefined;
  return defined({
    question: await wholeQuestion(blobs, state, question, record.request.packet),
    decision: answered !== undefined && "text" in answered.answer ? answered.answer.decision : undefined,
    answeredBy: answered?.answeredBy?.caller,
    answeredAt: answered?.answeredBy === undefined ? undefined : timestamp(answered.answeredBy.at),
  });
};

/** Its beginning when the rest is gone or altered: everything else can still be looked at. */
const readRequest = async (blobs: ApiPorts["blobs"], task: Value): Promise<string> => {
  try {
    return await readValue(blobs, task);
  } catch (error) {
    if (error instanceof RetryableError) throw error;
    return valuePreview(task, REQUEST_BYTES_MAX);
  }
};

const answerPreview = (answer: { text: string } | { preview: string }): string =>
  previewOf("text" in answer ? answer.text : answer.preview, ANSWER_BYTES_MAX);

const BRANCH_STATUS: Readonly<Partial<Record<TaskState["status"], BranchStatus>>> = {
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  TIMED_OUT: "timed_out",
  ABORTED: "aborted",
};

/** The ended branches of a handoff, in the declared order. */
const branchesOf = (
  state: ExecutionState,
  { branches }: HandoffState,
): NonNullable<TaskDetail["handoffResults"]> =>
  branches.flatMap((n) => {
    const branch = state.tasks.find((task) => task.n === n);
    const status = branch === undefined ? undefined : BRANCH_STATUS[branch.status];
    return branch === undefined || status === undefined ? [] : [{ task: n, agent: branch.agent, status }];
  });

const viewTurn = async (
  blobs: ApiPorts["blobs"],
  state: ExecutionState,
  task: TaskState,
  { calls }: TaskActivity,
  turn: TurnRecord,
): Promise<TurnView> => {
  const blocks = await readBlocks(blobs, turn);
  const text =
    blocks === undefined
      ? "[the stored message is lost]"
      : blocks
          .filter(isText)
          .map((block) => block.text)
          .join("\n");
  return defined({
    turn: turn.n,
    at: timestamp(turn.at),
    model: turn.model,
    stopReason: turn.stopReason,
    text: previewOf(text, TURN_TEXT_BYTES_MAX),
    isNotes: turn.notes === undefined ? undefined : (true as const),
    usage: turn.usage,
    toolCalls: [
      ...calls.filter((call) => call.turn === turn.n).map(viewCall),
      ...handoffCalls(state, task, blocks ?? []).filter(
        ({ callId }) => !calls.some((call) => call.turn === turn.n && call.callId === callId),
      ),
    ],
  });
};

/** `undefined` when the message is gone or altered: the rest of the task can still be looked at. */
const readBlocks = async (
  blobs: ApiPorts["blobs"],
  turn: TurnRecord,
): Promise<readonly AssistantBlock[] | undefined> => {
  try {
    const blocks: unknown = JSON.parse(await readValue(blobs, turn.message));
    return Array.isArray(blocks) ? blocks : undefined;
  } catch (error) {
    if (error instanceof RetryableError) throw error;
    return undefined;
  }
};

const viewCall = (call: CallRecord): ToolCallView =>
  defined({
    callId: call.callId,
    tool: call.tool,
    effect: call.effect,
    status: call.status,
    input: call.input,
    result: call.result === undefined ? undefined : valuePreview(call.result.content, CALL_BYTES_MAX),
    isError: call.result?.isError,
  });

/**
 * Handoffs have no CALL item: the suspension is their record, and STATE knows whether they have
 * joined. What a person was asked about has one as soon as it is answered.
 */
const handoffCalls = (
  state: ExecutionState,
  task: TaskState,
  blocks: readonly AssistantBlock[],
): ToolCallView[] =>
  blocks.filter(isToolUse).flatMap((block) => {
    const handoff = state.handoffs.find(
      ({ requester, callId }) => requester === task.n && callId === block.id,
    );
    if (handoff === undefined) return [];
    return [
      {
        callId: block.id,
        tool: block.name,
        status: handoff.status === "JOINED" ? "finished" : "started",
        input: previewOf(JSON.stringify(block.input), CALL_BYTES_MAX),
      },
    ];
  });
