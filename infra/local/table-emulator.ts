import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { TABLE } from "../../functions/shared/contracts/resources.ts";
import { addressOf, listen } from "./http-server.ts";

export interface TableEmulator {
  readonly url: string;
  /** Answered so far, by operation, as `DynamoDB UpdateItem`. */
  readonly requests: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** DynamoDB by dynalite, with the one table; kept in `folder` when there is one. */
export const startTableEmulator = async (
  table: string,
  folder: string | undefined,
): Promise<TableEmulator> => {
  // A CommonJS package without types, loaded only when it is asked for.
  const dynalite = createRequire(import.meta.url)("dynalite") as (options: object) => Server;
  const server = dynalite({ createTableMs: 0, ...(folder === undefined ? {} : { path: folder }) });
  server.keepAliveTimeout = 0;
  const requests = new Map<string, number>();
  guard(server, (operation) => requests.set(operation, (requests.get(operation) ?? 0) + 1));
  await listen(server, 0);
  const url = `http://${addressOf(server)}`;
  await createTable(url, table);
  return {
    url,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve()); // dynalite's own: it closes its database after the server
        server.closeAllConnections();
      }),
  };
};

/** dynalite throws out of its process when a client is killed in the middle of a request. */
const guard = (server: Server, count: (operation: string) => void): void => {
  const [handle] = server.listeners("request") as ((
    request: IncomingMessage,
    response: ServerResponse,
  ) => void)[];
  server.removeAllListeners("request");
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    count(`DynamoDB ${String(request.headers["x-amz-target"]).split(".")[1]}`);
    handle?.(request, response);
    request.removeAllListeners("error").on("error", () => {});
  });
};

const createTable = async (url: string, table: string): Promise<void> => {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": "DynamoDB_20120810.CreateTable",
      "x-amz-date": "20300101T000000Z",
      authorization: "AWS4-HMAC-SHA256 Credential=host, SignedHeaders=host, Signature=0",
    },
    body: JSON.stringify({ TableName: table, ...TABLE }),
  });
  const answer = await response.text();
  if (!response.ok && !answer.includes("ResourceInUseException")) {
    throw new Error(`dynalite refused the table: ${answer.slice(0, 300)}`);
  }
};
