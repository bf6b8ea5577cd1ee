import {
  type AttributeValue,
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { Item } from "../contracts/item.ts";
import { LIMITS } from "../contracts/limits.ts";
import { type ItemKey, LIST_INDEX, OPEN_INDEX } from "../contracts/resources.ts";
import { assert } from "../kernel/assert.ts";
import { backoffMs } from "../kernel/backoff.ts";
import { RetryableError, TerminalError } from "../kernel/errors.ts";
import type { Clock, Random } from "../ports/clock.ts";
import type { Page, Store } from "../ports/store.ts";
import { awsRefusal, clientSettings, isNamed } from "./aws-client.ts";
import { assertWellFormed, pathMismatch } from "./evaluate-change.ts";
import { itemTooLarge } from "./item-text.ts";
import { compileChange, toAttributeValue } from "./update-expression.ts";

type Attributes = Record<string, AttributeValue>;

/** A partition of ours holds at most a few hundred items; each query brings up to 1 MB of them. */
const LIST_QUERIES_MAX = 100;
/** A filter reads what it drops; a page that found too little says where to go on. */
const NEWEST_QUERIES_MAX = 10;
const FILTERED_ENTRIES_PER_QUERY = 500;
const BATCH_TRIES_MAX = 6;
const BATCH_BACKOFF = { baseMs: 50, maxMs: 1_000 };

/** The store on DynamoDB: one table as `contracts/resources.ts` describes it. */
export const createDynamoDbStore = ({
  table,
  clock,
  random,
  client = new DynamoDBClient(clientSettings({ requestTimeoutMs: 10_000 })),
}: {
  readonly table: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly client?: DynamoDBClient;
}): Store => {
  const query = async (input: Omit<QueryCommandInput, "TableName">) =>
    await attempt("Query", () => client.send(new QueryCommand({ TableName: table, ...input })));

  /** DynamoDB may answer a part and leave the rest for later; this goes on until all is there. */
  const batchGet = async (keys: readonly ItemKey[], consistent: boolean): Promise<Map<string, Item>> => {
    const found = new Map<string, Item>();
    // A key twice in one request is refused.
    let wanted: Attributes[] = [...new Map(keys.map((key) => [at(key), key])).values()].map(marshallKey);
    for (let tries = 1; wanted.length > 0; tries++) {
      const answer = await attempt("BatchGetItem", () =>
        client.send(
          new BatchGetItemCommand({
            RequestItems: { [table]: { Keys: wanted, ConsistentRead: consistent } },
          }),
        ),
      );
      for (const raw of answer.Responses?.[table] ?? []) found.set(at(toItem(raw)), toItem(raw));
      const left = answer.UnprocessedKeys?.[table]?.Keys ?? [];
      if (left.length > 0 && tries === BATCH_TRIES_MAX) {
        throw new RetryableError("Internal", `BatchGetItem left ${left.length} keys after ${tries} tries`);
      }
      // Whoever got something was cut for size, not throttled.
      if (left.length === wanted.length)
        await clock.sleep(backoffMs(tries, BATCH_BACKOFF, random.fraction()));
      wanted = left;
    }
    return found;
  };

  /** The keys of up to `limit` STATE items, newest first, and where to go on. */
  const newestKeys = async (
    listPk: string,
    { limit, after, status }: Parameters<Store["newest"]>[1],
  ): Promise<{ readonly entries: readonly Item[]; readonly next?: string }> => {
    const entries: Item[] = [];
    let from = after === undefined ? undefined : parsePosition(after, listPk);
    for (let queries = 0; queries < NEWEST_QUERIES_MAX; queries++) {
      const answer = await query({
        IndexName: LIST_INDEX,
        KeyConditionExpression: "listPk = :listPk",
        ExpressionAttributeValues: {
          ":listPk": { S: listPk },
          ...(status === undefined ? {} : { ":status": { S: status } }),
        },
        ...(status === undefined
          ? {}
          : { FilterExpression: "#status = :status", ExpressionAttributeNames: { "#status": "status" } }),
        ScanIndexForward: false,
        Limit: status === undefined ? limit - entries.length : FILTERED_ENTRIES_PER_QUERY,
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      });
      entries.push(...(answer.Items ?? []).map(toItem));
      from = answer.LastEvaluatedKey;
      const last = entries[limit - 1];
      if (last !== undefined && (entries.length > limit || from !== undefined)) {
        return { entries: entries.slice(0, limit), next: positionOf(last) };
      }
      if (from === undefined) return { entries };
    }
    return { entries, ...(from === undefined ? {} : { next: positionOf(toItem(from)) }) };
  };

  return {
    get: async (key, { mayBeStale } = { mayBeStale: false }) => {
      const request = { TableName: table, Key: marshallKey(key), ConsistentRead: !mayBeStale };
      const answer = await attempt("GetItem", () => client.send(new GetItemCommand(request)));
      return answer.Item === undefined ? undefined : toItem(answer.Item);
    },

    getMany: async (keys) => {
      assert(keys.length <= LIMITS.getManyMax, `getMany of ${keys.length} keys`);
      const found = await batchGet(keys, true);
      return keys.map((key) => found.get(at(key)));
    },

    list: async (pk, prefix = "") => {
      const items: Item[] = [];
      let from: Attributes | undefined;
      for (let queries = 0; queries < LIST_QUERIES_MAX; queries++) {
        const answer = await query({
          KeyConditionExpression: prefix === "" ? "pk = :pk" : "pk = :pk AND begins_with(sk, :prefix)",
          ExpressionAttributeValues: {
            ":pk": { S: pk },
            ...(prefix === "" ? {} : { ":prefix": { S: prefix } }),
          },
          ConsistentRead: true,
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        });
        items.push(...(answer.Items ?? []).map(toItem));
        from = answer.LastEvaluatedKey;
        if (from === undefined) return items;
      }
      throw new TerminalError("Internal", `partition ${pk} holds more than ${LIST_QUERIES_MAX} MB`);
    },

    create: async (item) =>
      await conditional("PutItem", item, () =>
        client.send(
          new PutItemCommand({
            TableName: table,
            Item: toAttributeValue(item).M,
            ConditionExpression: "attribute_not_exists(pk)",
          }),
        ),
      ),

    update: async (key, change) => {
      assertWellFormed(change);
      return await conditional("UpdateItem", key, () =>
        client.send(
          new UpdateItemCommand({ TableName: table, Key: marshallKey(key), ...compileChange(change) }),
        ),
      );
    },

    due: async (shard, now, limit) => {
      const answer = await query({
        IndexName: OPEN_INDEX,
        KeyConditionExpression: "openPk = :openPk AND nextCheckAt <= :now",
        ExpressionAttributeValues: { ":openPk": { S: shard }, ":now": { N: String(now) } },
        Limit: limit,
      });
      return (answer.Items ?? []).map(toItem);
    },

    newest: async (listPk, options): Promise<Page> => {
      assert(options.limit <= LIMITS.getManyMax, `a page of ${options.limit} items`);
      const { entries, next } = await newestKeys(listPk, options);
      const found = await batchGet(entries, false);
      const items = entries
        .map((entry) => found.get(at(entry)))
        .filter((item) => item !== undefined)
        // The item may have moved on since its index entry was written.
        .filter((item) => options.status === undefined || item["status"] === options.status);
      return { items, ...(next === undefined ? {} : { next }) };
    },
  };
};

const attempt = async <T>(operation: string, request: () => Promise<T>): Promise<T> => {
  try {
    return await request();
  } catch (error) {
    throw awsRefusal(error, `DynamoDB ${operation}`);
  }
};

const conditional = async (
  operation: string,
  key: ItemKey,
  request: () => Promise<unknown>,
): Promise<"applied" | "refused"> => {
  try {
    await request();
    return "applied";
  } catch (error) {
    if (isNamed(error, "ConditionalCheckFailedException")) return "refused";
    if (isNamed(error, "ValidationException")) throw validationFailed(error as Error, key);
    throw awsRefusal(error, `DynamoDB ${operation}`);
  }
};

/** Conditions come first in DynamoDB, so that whoever gets here held all of them. */
const validationFailed = (error: Error, key: ItemKey): Error =>
  /size/i.test(error.message)
    ? itemTooLarge(key, "DynamoDB's count", error)
    : pathMismatch(`${key.pk} ${key.sk}`, error);

const at = (key: ItemKey): string => `${key.pk}\n${key.sk}`;

const marshallKey = (key: ItemKey): Attributes => ({ pk: { S: key.pk }, sk: { S: key.sk } });

const toItem = (raw: Attributes): Item => unmarshall(raw) as Item;

/** A page's `next`: what an index query needs to go on after this item, and no more. */
const positionOf = (item: Item): string => JSON.stringify([item["createdAt"], item.pk, item.sk]);

const parsePosition = (position: string, listPk: string): Attributes => {
  const [createdAt, pk, sk] = JSON.parse(position) as [number, string, string];
  return { listPk: { S: listPk }, createdAt: { N: String(createdAt) }, pk: { S: pk }, sk: { S: sk } };
};
