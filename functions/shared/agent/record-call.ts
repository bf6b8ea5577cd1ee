import { LIMITS } from "../contracts/limits.ts";
import type { ToolUseBlock } from "../contracts/model-message.ts";
import { callKey } from "../contracts/resources.ts";
import type { CallRecord, ToolEffect } from "../contracts/task-record.ts";
import { previewOf } from "../contracts/value.ts";
import { RetryableError } from "../kernel/errors.ts";
import { tellable } from "./large-result.ts";
import { orUnsure } from "./or-unsure.ts";
import type { Turn } from "./saved-turn.ts";
import { parseCall } from "./stored-task.ts";
import { readValue } from "./stored-value.ts";
import type { TaskRun } from "./task-run.ts";
import type { ToolResult } from "./transcript.ts";

/** One tool call of one turn; `index` counts all calls of the turn from 0. */
export interface TurnCall {
  readonly turn: Turn;
  readonly index: number;
  readonly use: ToolUseBlock;
}

const INPUT_SHOWN_BYTES = 1024;

/** A call that is answered without running anything: one write. */
export const recordResult = async (
  run: TaskRun,
  call: TurnCall,
  { content, isError }: ToolResult,
): Promise<void> => {
  const now = run.ports.clock.now();
  const told = previewOf(content.toWellFormed(), LIMITS.toolResultBytesMax);
  const result = { content: { inline: told }, isError };
  await create(run, { ...started(call, now), status: "finished", finishedAt: now, result });
};

export const recordRefusal = (run: TaskRun, call: TurnCall, content: string): Promise<void> =>
  recordResult(run, call, { content, isError: true });

/** P6: create-only. What is stored afterwards may be of another owner, and finished. */
export const recordStart = (run: TaskRun, call: TurnCall, effect: ToolEffect): Promise<"created" | "found"> =>
  create(run, { ...started(call, run.ports.clock.now()), effect });

/** P6: a started call gets one result, the first that is stored. */
export const recordEnd = async (
  run: TaskRun,
  call: TurnCall,
  status: "finished" | "unknown",
  { content, isError }: ToolResult,
): Promise<void> => {
  const key = callKey(run.held.task.record.agent, run.taskId, call.turn.record.n, call.index);
  const finishedAt = run.ports.clock.now();
  const result = { content: { inline: await tellable(run, call, content) }, isError };
  for (let tries = 1; tries <= LIMITS.commitTriesMax; tries++) {
    const written = await orUnsure(
      run.ports.store.update(key, {
        set: [
          [["status"], status],
          [["finishedAt"], finishedAt],
          [["result"], result],
        ],
        when: [{ path: ["status"], is: "equal", value: "started" }],
      }),
    );
    if (written === "applied") {
      const before = run.transcript.callOf(call.turn, call.index) ?? started(call, finishedAt);
      return run.transcript.addCall({ ...before, status, finishedAt, result }, result.content.inline);
    }
    if ((await adopt(run, call)) === "finished") return;
  }
  throw new RetryableError("Internal", "the result of a tool call could not be saved");
};

const create = async (run: TaskRun, record: CallRecord): Promise<"created" | "found"> => {
  const { agent, expiresAt } = run.held.task.record;
  const key = callKey(agent, run.taskId, record.turn, record.index);
  for (let tries = 1; tries <= LIMITS.commitTriesMax; tries++) {
    const written = await orUnsure(run.ports.store.create({ ...key, ...record, expiresAt }));
    const stored = written === "applied" ? record : await read(run, record);
    if (stored === undefined) continue;
    run.transcript.addCall(stored, await contentOf(run, stored));
    return written === "applied" ? "created" : "found";
  }
  throw new RetryableError("Internal", "a tool call could not be recorded");
};

const adopt = async (run: TaskRun, { turn, index }: TurnCall): Promise<CallRecord["status"] | undefined> => {
  const stored = await read(run, { turn: turn.record.n, index });
  if (stored === undefined || stored.status === "started") return stored?.status;
  run.transcript.addCall(stored, await contentOf(run, stored));
  return "finished";
};

const read = async (
  run: TaskRun,
  { turn, index }: Pick<CallRecord, "turn" | "index">,
): Promise<CallRecord | undefined> => {
  const item = await run.ports.store.get(callKey(run.held.task.record.agent, run.taskId, turn, index));
  return item === undefined ? undefined : parseCall(item);
};

const contentOf = async (run: TaskRun, { result }: CallRecord): Promise<string | undefined> =>
  result === undefined ? undefined : readValue(run.ports.blobs, result.content);

const started = ({ turn, index, use }: TurnCall, now: number): CallRecord => ({
  turn: turn.record.n,
  index,
  callId: use.id,
  tool: use.name.toWellFormed(),
  status: "started",
  input: previewOf(JSON.stringify(use.input) ?? "", INPUT_SHOWN_BYTES),
  startedAt: now,
});
