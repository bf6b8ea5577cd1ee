import { LIST_PRICES_USD as PRICE } from "./list-prices.ts";

/** What one execution asks of AWS. */
export interface ExecutionUse {
  /** Each is sent, received and deleted. */
  readonly messages: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly coordinatorRuns: number;
  readonly agentRuns: number;
}

export interface Assumptions {
  /** All agents of one execution together, waiting for the model. */
  readonly agentWaitSeconds: number;
  /** What an agent's run takes beside the waiting. */
  readonly agentWorkSeconds: number;
  readonly agentMemoryGb: number;
  /** One run of the coordinator, warm. */
  readonly coordinatorSeconds: number;
  readonly coordinatorMemoryGb: number;
}

export interface ExecutionCost {
  readonly sqs: number;
  readonly dynamoDb: number;
  readonly coordinator: number;
  /** The compute that waits for the model, mostly. */
  readonly agents: number;
  readonly total: number;
}

/** Dollars per 1,000 executions. Without model tokens, API calls, logs and what is stored. */
export const costPerThousand = (use: ExecutionUse, given: Assumptions): ExecutionCost => {
  const lambda = (runs: number, seconds: number, memoryGb: number): number =>
    1_000 * (runs * PRICE.lambdaRequest + seconds * memoryGb * PRICE.lambdaGbSecond);
  const sqs = 1_000 * use.messages * 3 * PRICE.sqsRequest;
  const dynamoDb = 1_000 * (use.writeUnits * PRICE.writeUnit + use.readUnits * PRICE.readUnit);
  const coordinator = lambda(
    use.coordinatorRuns,
    use.coordinatorRuns * given.coordinatorSeconds,
    given.coordinatorMemoryGb,
  );
  const agents = lambda(
    use.agentRuns,
    given.agentWaitSeconds + use.agentRuns * given.agentWorkSeconds,
    given.agentMemoryGb,
  );
  return { sqs, dynamoDb, coordinator, agents, total: sqs + dynamoDb + coordinator + agents };
};

/** What stands there when nothing runs. */
export interface Standing {
  readonly polledQueues: number;
  readonly alarms: number;
  readonly dashboards: number;
  readonly secrets: number;
  readonly sweeps: { readonly perMonth: number; readonly seconds: number; readonly memoryGb: number };
  /** Index partitions that a sweep asks. */
  readonly shards: number;
}

export interface IdleCost {
  readonly polling: number;
  readonly alarms: number;
  readonly dashboards: number;
  readonly secrets: number;
  readonly sweeper: number;
  readonly total: number;
}

/** Lambda keeps five long polls of 20 seconds open on a queue that is empty. */
const POLLS_PER_MONTH = 5 * 3 * 60 * 24 * 30;

/** Dollars a month. Queues, table, bucket and keys (AWS's own, none of KMS's) cost nothing by themselves. */
export const idlePerMonth = (standing: Standing): IdleCost => {
  const { sweeps } = standing;
  const polling = standing.polledQueues * POLLS_PER_MONTH * PRICE.sqsRequest;
  const alarms = standing.alarms * PRICE.alarmMonth;
  const dashboards = standing.dashboards * PRICE.dashboardMonth;
  const secrets = standing.secrets * PRICE.secretMonth;
  // An index is read eventually consistently: half a unit for next to nothing.
  const sweeper =
    sweeps.perMonth *
    (PRICE.lambdaRequest +
      sweeps.seconds * sweeps.memoryGb * PRICE.lambdaGbSecond +
      standing.shards * 0.5 * PRICE.readUnit);
  const total = polling + alarms + dashboards + secrets + sweeper;
  return { polling, alarms, dashboards, secrets, sweeper, total };
};
