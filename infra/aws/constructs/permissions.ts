import type { Stack } from "aws-cdk-lib";
import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { IQueue } from "aws-cdk-lib/aws-sqs";

// The rights that the permission table is made of (docs/architecture.md): exactly the requests that the
// adapters make, and no resource that is not named.

/** As much of a table, a bucket, a function and a queue as a right can be about. */
export type TableRef = Pick<ITable, "tableArn" | "tableName">;
export type BucketRef = Pick<IBucket, "bucketArn" | "bucketName" | "arnForObjects">;
export type FunctionRef = Pick<IFunction, "functionArn" | "functionName">;
export type QueueRef = Pick<IQueue, "queueArn">;

/** Partition keys, `*` at the end: `EXE#*`. */
export interface TableAccess {
  readonly read?: readonly string[];
  /** Put: it replaces what is there unless the writer's own condition says otherwise. */
  readonly put?: readonly string[];
  readonly update?: readonly string[];
}

/** Items of the table, by their partition keys. There is no scan and no delete. */
export const tableStatements = (table: TableRef, { read, put, update }: TableAccess): PolicyStatement[] => {
  const rights: [readonly string[], readonly string[] | undefined][] = [
    [["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"], read],
    [["dynamodb:PutItem"], put],
    [["dynamodb:UpdateItem"], update],
  ];
  return rights.flatMap(([actions, keys]) =>
    keys === undefined
      ? []
      : new PolicyStatement({
          actions: [...actions],
          resources: [table.tableArn],
          conditions: {
            "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [...keys] },
            // `ForAllValues` holds for a request that names no key at all.
            Null: { "dynamodb:LeadingKeys": "false" },
          },
        }),
  );
};

export const queryIndexStatement = (table: TableRef, index: string): PolicyStatement =>
  new PolicyStatement({ actions: ["dynamodb:Query"], resources: [`${table.tableArn}/index/${index}`] });

/** Without `s3:ListBucket` a blob that is gone is a 403 and not a 404. */
export const blobStatements = (bucket: BucketRef): PolicyStatement[] => [
  new PolicyStatement({
    actions: ["s3:GetObject", "s3:PutObject"],
    resources: [bucket.arnForObjects("blobs/*")],
  }),
  new PolicyStatement({ actions: ["s3:ListBucket"], resources: [bucket.bucketArn] }),
];

export const sendStatement = (...queues: readonly QueueRef[]): PolicyStatement =>
  new PolicyStatement({
    actions: ["sqs:SendMessage"],
    resources: queues.map(({ queueArn }) => queueArn),
  });

/** What an event source mapping does in the function's name, and the function itself: hide a message. */
export const consumeStatement = (queue: QueueRef): PolicyStatement =>
  new PolicyStatement({
    actions: [
      "sqs:ReceiveMessage",
      "sqs:DeleteMessage",
      "sqs:GetQueueAttributes",
      "sqs:ChangeMessageVisibility",
    ],
    resources: [queue.queueArn],
  });

export const readSecretStatement = (secretArn: string): PolicyStatement =>
  new PolicyStatement({ actions: ["secretsmanager:GetSecretValue"], resources: [secretArn] });

export const invokeStatement = (lambda: FunctionRef): PolicyStatement =>
  new PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [lambda.functionArn] });

/** All projects of this account and region. */
export const projectsArn = (stack: Stack): string =>
  stack.formatArn({ service: "bedrock-mantle", resource: "project", resourceName: "*" });

/** One model of Bedrock's Messages API. */
export const askModelStatement = (projects: string, model: string): PolicyStatement =>
  new PolicyStatement({
    actions: ["bedrock-mantle:CreateInference"],
    resources: [projects],
    conditions: { StringEquals: { "bedrock-mantle:Model": model } },
  });

export const writeLogsStatement = (logGroup: ILogGroup): PolicyStatement =>
  new PolicyStatement({
    actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
    resources: [logGroup.logGroupArn],
  });

/** X-Ray's only writing actions; it has no resources to name. */
export const traceStatement = (): PolicyStatement =>
  new PolicyStatement({
    actions: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
    resources: ["*"],
  });
