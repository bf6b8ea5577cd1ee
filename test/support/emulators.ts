import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { buildApp } from "fauxqs";
import { TABLE } from "../../functions/shared/contracts/resources.ts";

/** What every SDK client needs to talk to an emulator; nobody checks the keys. */
export const emulated = (endpoint: string) => ({
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
});

export interface Emulator {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** SQS and S3 in this process, on a free port of 127.0.0.1. */
export const startFauxqs = async (): Promise<Emulator> => {
  const app = buildApp({ logger: false });
  const endpoint = await app.listen({ host: "127.0.0.1", port: 0 });
  return { endpoint, close: async () => await app.close() };
};

export const makeQueue = async (
  endpoint: string,
  name: string,
  attributes: Record<string, string> = {},
): Promise<string> => {
  const client = new SQSClient(emulated(endpoint));
  const answer = await client.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  client.destroy();
  return answer.QueueUrl ?? "";
};

export const makeBucket = async (endpoint: string, bucket: string): Promise<void> => {
  const client = new S3Client({ ...emulated(endpoint), forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
};

/** A CommonJS package without types. */
const dynalite = createRequire(import.meta.url)("dynalite") as (options: {
  readonly createTableMs: number;
}) => Server;

/** DynamoDB in this process, in memory; its tables are ready at once. */
export const startDynalite = async (): Promise<Emulator> => {
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

export const makeTable = async (endpoint: string, table: string): Promise<void> => {
  const client = new DynamoDBClient(emulated(endpoint));
  await client.send(new CreateTableCommand({ TableName: table, ...TABLE }));
  client.destroy();
};
