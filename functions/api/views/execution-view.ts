import type { ExecutionSummary, ExecutionView, TaskView } from "../../shared/contracts/api.ts";
import type { ExecutionState, HandoffState } from "../../shared/contracts/execution-state.ts";
import { isHuman } from "../../shared/contracts/human.ts";
import { type AgentName, type TaskNumber, taskIdOf } from "../../shared/contracts/ids.ts";
import { Permit } from "../../shared/contracts/permit.ts";
import { permitKey, taskKey } from "../../shared/contracts/resources.ts";
import type { StoredExecution } from "../../shared/contracts/stored-execution.ts";
import { TaskRecord } from "../../shared/contracts/task-record.ts";
import { addUsage, NO_USAGE, type Usage } from "../../shared/contracts/usage.ts";
import { valuePreview } from "../../shared/contracts/value.ts";
import type { ApiPorts } from "../../shared/ports/api-ports.ts";
import { defined } from "../defined.ts";
import { type CarriedText, carryAnswer } from "../stored-text.ts";
import { openQuestions } from "./question-view.ts";
import { readActivity } from "./task-activity.ts";
import { endedTaskView, isOpen, openTaskView } from "./task-view.ts";
import { timestamp } from "./timestamp.ts";
import type { ToolCallCounts } from "./tool-call-counts.ts";

const SUMMARY_INPUT_CHARACTERS = 80;
/** Queries at a time: a fan-out of a hundred must not open a hundred connections. */
const QUERIES_AT_ONCE = 25;

export const summaryOf = (state: ExecutionState): ExecutionSummary =>
  defined({
    executionId: state.executionId,
    status: state.status,
    agent: state.agent,
    input: [...valuePreview(state.input, 4 * SUMMARY_INPUT_CHARACTERS)]
      .slice(0, SUMMARY_INPUT_CHARACTERS)
      .join(""),
    createdAt: timestamp(state.createdAt),
    endedAt: state.endedAt === undefined ? undefined : timestamp(state.endedAt),
  });

/**
 * Everything about one execution. Usage is summed over the tasks, because PERMIT knows tokens and
 * dollars but no kinds: ended tasks have theirs in STATE, which costs nothing more; an open one
 * costs one query of its partition, which holds its turns and calls.
 */
export const viewExecution = async (
  { store, blobs }: Pick<ApiPorts, "store" | "blobs">,
  counts: ToolCallCounts,
  { state, version }: StoredExecution,
): Promise<ExecutionView> => {
  const { tasks, records } = await viewTasks(store, counts, state);
  const questions = openQuestions(state, records);
  const output = await outputOf({ store, blobs }, state);
  return defined({
    ...summaryOf(state),
    deadlineAt: timestamp(state.deadlineAt),
    version,
    output: output?.text,
    outputBytes: output?.bytes,
    failure: state.failure,
    limits: limitsOf(state),
    usage: tasks.map(({ usage }) => usage).reduce(addUsage, NO_USAGE),
    usageByAgent: usageByAgent(tasks),
    tasks,
    handoffs: state.handoffs.map((handoff) => handoffView(state, handoff)),
    questions: questions.length === 0 ? undefined : questions,
  });
};

const usageByAgent = (tasks: readonly TaskView[]): ExecutionView["usageByAgent"] => {
  const sums = new Map<AgentName, Usage>();
  for (const { agent, usage } of tasks) {
    if (!isHuman(agent)) sums.set(agent, addUsage(sums.get(agent) ?? NO_USAGE, usage));
  }
  return Object.fromEntries(sums);
};

/** `records`: of the open tasks, which were read for their views. */
const viewTasks = async (
  store: ApiPorts["store"],
  counts: ToolCallCounts,
  state: ExecutionState,
): Promise<{ tasks: TaskView[]; records: Map<TaskNumber, TaskRecord> }> => {
  const permit = state.tasks.some(isOpen)
    ? Permit.safeParse(await store.get(permitKey(state.executionId))).data
    : undefined;
  const views: TaskView[] = [];
  const records = new Map<TaskNumber, TaskRecord>();
  for (let from = 0; from < state.tasks.length; from += QUERIES_AT_ONCE) {
    const tasks = state.tasks.slice(from, from + QUERIES_AT_ONCE);
    const view = async (task: (typeof tasks)[number]): Promise<TaskView> => {
      if (!isOpen(task)) return endedTaskView(state, task, await counts.of(state.executionId, task));
      const activity = await readActivity(store, state.executionId, task);
      if (activity.record !== undefined) records.set(task.n, activity.record);
      return openTaskView(state, task, activity, permit);
    };
    views.push(...(await Promise.all(tasks.map(view))));
  }
  return { tasks: views, records };
};

/** The answer stands in the record of the output task, which is whoever answered in the end. */
const outputOf = async (
  { store, blobs }: Pick<ApiPorts, "store" | "blobs">,
  state: ExecutionState,
): Promise<CarriedText | undefined> => {
  const task = state.tasks.find(({ n }) => n === state.outputTask);
  if (task === undefined) return undefined;
  const item = await store.get(taskKey(task.agent, taskIdOf(state.executionId, task.n)));
  const record = TaskRecord.safeParse(item).data;
  return record?.status === "SUCCEEDED" ? carryAnswer(blobs, record.answer) : undefined;
};

const limitsOf = ({ limits: { microUsd, ...limits } }: ExecutionState): ExecutionView["limits"] => ({
  usd: microUsd === null ? null : microUsd / 1e6,
  ...limits,
});

const handoffView = (state: ExecutionState, handoff: HandoffState): ExecutionView["handoffs"][number] => ({
  handoff: handoff.n,
  requester: handoff.requester,
  mode: handoff.mode,
  branches: handoff.branches.flatMap((branch) =>
    state.tasks.filter(({ n }) => n === branch).map(({ n, agent }) => ({ task: n, agent })),
  ),
  onFailure: handoff.onFailure,
  status: handoff.status,
});
