import type { AgentName, ExecutionId, TaskId } from "./ids.ts";

/** Keys of the one table. The roles' rights are written in these (test/synth/permissions.test.ts). */
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
/** What the agents of one provider account share; no agent writes to another's. */
export const accountPartition = (account: string): string => `PROVIDER#${account}`;
export const accountKey = (account: string): ItemKey => ({ pk: accountPartition(account), sk: "PROVIDER" });
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

export const OPEN_INDEX = "open";
export const LIST_INDEX = "list";

/** The part of CreateTable's input, and of CloudFormation's `AWS::DynamoDB::Table`, that both share. */
interface TableDefinition {
  BillingMode: "PAY_PER_REQUEST";
  KeySchema: KeyElement[];
  AttributeDefinitions: { AttributeName: string; AttributeType: "S" | "N" }[];
  GlobalSecondaryIndexes: {
    IndexName: string;
    KeySchema: KeyElement[];
    Projection: { ProjectionType: "KEYS_ONLY" | "INCLUDE"; NonKeyAttributes?: string[] };
  }[];
}
interface KeyElement {
  AttributeName: string;
  KeyType: "HASH" | "RANGE";
}

/**
 * The table in the words of DynamoDB's CreateTable and CloudFormation, for the stack, the emulators
 * and the tests. The indexes carry almost nothing: a commit of STATE changes `nextCheckAt`, and
 * everything projected beside it would be paid for again.
 */
export const TABLE: TableDefinition = {
  BillingMode: "PAY_PER_REQUEST",
  KeySchema: [
    { AttributeName: "pk", KeyType: "HASH" },
    { AttributeName: "sk", KeyType: "RANGE" },
  ],
  AttributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" },
    { AttributeName: "sk", AttributeType: "S" },
    { AttributeName: "openPk", AttributeType: "S" },
    { AttributeName: "nextCheckAt", AttributeType: "N" },
    { AttributeName: "listPk", AttributeType: "S" },
    { AttributeName: "createdAt", AttributeType: "N" },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: OPEN_INDEX,
      KeySchema: [
        { AttributeName: "openPk", KeyType: "HASH" },
        { AttributeName: "nextCheckAt", KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: "KEYS_ONLY" },
    },
    {
      IndexName: LIST_INDEX,
      KeySchema: [
        { AttributeName: "listPk", KeyType: "HASH" },
        { AttributeName: "createdAt", KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["status"] },
    },
  ],
};
/** Seconds since the epoch, as DynamoDB's time to live wants it. */
export const TIME_TO_LIVE_ATTRIBUTE = "expiresAt";

export const agentQueueName = (agent: AgentName): string => `agent-${agent}`;
