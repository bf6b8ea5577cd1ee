import type { AgentName, ExecutionId, TaskId } from "./ids.ts";

/** Keys of the one table. The permission table of DESIGN.md section 6 is written in these. */
export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

const pad = (n: number, digits: number): string => String(n).padStart(digits, "0");

export const stateKey = (id: ExecutionId): ItemKey => ({ pk: `EXE#${id}`, sk: "STATE" });
export const historyKey = (id: ExecutionId, firstEvent: number): ItemKey => ({
  pk: `EXE#${id}`,
  sk: `HIST#${pad(firstEvent, 6)}`,
});
export const HISTORY_PREFIX = "HIST#";
export const permitKey = (id: ExecutionId): ItemKey => ({ pk: `PERMIT#${id}`, sk: "PERMIT" });
export const taskPartition = (agent: AgentName, taskId: TaskId): string => `TASK#${agent}#${taskId}`;
export const taskKey = (agent: AgentName, taskId: TaskId): ItemKey => ({
  pk: taskPartition(agent, taskId),
  sk: "TASK",
});
export const TURN_PREFIX = "TURN#";
export const turnKey = (agent: AgentName, taskId: TaskId, n: number): ItemKey => ({
  pk: taskPartition(agent, taskId),
  sk: `${TURN_PREFIX}${pad(n, 4)}`,
});
export const CALL_PREFIX = "CALL#";
export const callKey = (agent: AgentName, taskId: TaskId, turn: number, index: number): ItemKey => ({
  pk: taskPartition(agent, taskId),
  sk: `${CALL_PREFIX}${pad(turn, 4)}#${pad(index, 3)}`,
});
export const filesPartition = (id: ExecutionId): string => `FILES#${id}`;
export const fileKey = (id: ExecutionId, path: string): ItemKey => ({ pk: filesPartition(id), sk: path });
/** Beside the paths: how many files and bytes the workspace holds. `#` is no path character. */
export const WORKSPACE_TOTALS = "#TOTALS";
export const blobPrefix = (id: ExecutionId): string => `blobs/${id}/`;

/** Sparse index of executions that someone must look at again. */
export const OPEN_SHARDS = 16;
export const openShard = (id: ExecutionId): string => {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return `OPEN#${sum % OPEN_SHARDS}`;
};
export const openShards = (): string[] => Array.from({ length: OPEN_SHARDS }, (_, n) => `OPEN#${n}`);
export const listPartition = (tenant: string): string => `TENANT#${tenant}`;

export const agentQueueName = (agent: AgentName): string => `agent-${agent}`;
