import { systemClock, systemRandom } from "../adapters/system-clock.ts";
import type { AgentName } from "../contracts/ids.ts";
import type { StoreConfig } from "../kernel/config.ts";
import { createJsonLog } from "../kernel/log.ts";
import type { Clock, Random } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Queues } from "../ports/queues.ts";
import type { Store } from "../ports/store.ts";
import { createOutput, type Output } from "./output.ts";

/** What every function stands on. */
export interface CommonPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

interface CommonConfig {
  readonly functionName: string;
  readonly logLevel: "info" | "warn" | "error";
  readonly store: StoreConfig;
}

/**
 * The composition root: from what the environment says to what the functions stand on. A client is
 * loaded only when its adapter was chosen; on a cold start each costs some tens of milliseconds.
 */
export const wireCommon = async (
  config: CommonConfig,
  output: Output = createOutput(),
): Promise<CommonPorts> => ({
  store: await wireStore(config.store),
  clock: systemClock,
  random: systemRandom,
  log: createJsonLog((line) => output.write(line), { function: config.functionName }, config.logLevel),
});

const wireStore = async (config: StoreConfig): Promise<Store> => {
  if (config.kind === "sqlite") {
    const { createSqliteStore } = await import("../adapters/sqlite-store.ts");
    return createSqliteStore({ file: config.file });
  }
  const { createDynamoDbStore } = await import("../adapters/dynamodb-store.ts");
  return createDynamoDbStore({ table: config.table, clock: systemClock, random: systemRandom });
};

export const wireQueues = async (urls: {
  readonly eventsQueueUrl: string;
  readonly ownQueueUrl?: string;
  readonly agentQueueUrls?: Readonly<Record<AgentName, string>>;
}): Promise<Queues> => {
  const { createSqsQueues } = await import("../adapters/sqs-queues.ts");
  return createSqsQueues({
    events: urls.eventsQueueUrl,
    agents: urls.agentQueueUrls ?? {},
    ...(urls.ownQueueUrl === undefined ? {} : { own: urls.ownQueueUrl }),
  });
};
