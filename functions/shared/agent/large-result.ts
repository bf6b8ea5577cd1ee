import { splitTaskId } from "../contracts/ids.ts";
import { LIMITS } from "../contracts/limits.ts";
import { previewOf } from "../contracts/value.ts";
import type { TurnCall } from "./record-call.ts";
import type { TaskRun } from "./task-run.ts";
import { ToolRefusal } from "./tool.ts";
import { RESULTS_FOLDER } from "./workspace-path.ts";

/** The tool by which the rest of a result is read; without it a file of it is of no use. */
const READER = "read_file";

/**
 * What the model is told of a tool's result, at most `toolResultBytesMax`: all of it when there is
 * room in this turn, otherwise its beginning and the path of a file that holds the rest. What is told
 * is what is recorded, so that a successor tells the same.
 */
export const tellable = async (run: TaskRun, call: TurnCall, text: string): Promise<string> => {
  const whole = text.toWellFormed();
  const bytes = Buffer.byteLength(whole);
  const left = LIMITS.turnResultsBytesMax - bytesTold(run, call);
  const room = Math.min(Math.max(left, LIMITS.resultPreviewBytes), LIMITS.toolResultBytesMax);
  if (bytes <= room) return whole;
  const path = run.tools.find(READER) === undefined ? undefined : await store(run, call, whole);
  if (path === undefined) return cut(whole, bytes, room);
  const held =
    bytes <= LIMITS.storedResultBytesMax ? "the whole is" : `its first ${LIMITS.storedResultBytesMax} are`;
  return `[the result has ${bytes} bytes; ${held} in ${path}: ${READER} shows it by lines; it begins:]\n${previewOf(whole, LIMITS.resultPreviewBytes)}`;
};

/** Named by its call and its content: a repetition that brings another result makes another file. */
const resultPath = (taskId: string, turn: number, index: number, sha256: string): string =>
  `${RESULTS_FOLDER}/${splitTaskId(taskId).n}.${turn}.${index}-${sha256.slice(0, 8)}.txt`;

/** `undefined` when the workspace is full. */
const store = async (run: TaskRun, { turn, index }: TurnCall, whole: string): Promise<string | undefined> => {
  const { executionId } = run.held.task.record;
  const blob = await run.ports.blobs.put(executionId, previewOf(whole, LIMITS.storedResultBytesMax));
  const path = resultPath(run.taskId, turn.record.n, index, blob.sha256);
  try {
    await run.workspace.enterResult(path, blob);
    return path;
  } catch (error) {
    if (error instanceof ToolRefusal) return undefined;
    throw error;
  }
};

const bytesTold = ({ transcript }: TaskRun, { turn, index }: TurnCall): number =>
  turn.toolUses.reduce((total, _, other) => {
    const told = other === index ? undefined : transcript.resultOf(turn, other);
    return told === undefined ? total : total + Buffer.byteLength(told.content);
  }, 0);

/** At most `bytesMax`, the notice included. */
const cut = (whole: string, bytes: number, bytesMax: number): string => {
  const notice = `\n[cut: the result has ${bytes} bytes, and there was room for ${bytesMax}; ask for less]`;
  return previewOf(whole, bytesMax - Buffer.byteLength(notice)) + notice;
};
