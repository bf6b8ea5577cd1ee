/**
 * `npm run cost`: dollars per 1,000 standard executions and per idle month, at list prices, beside the
 * paper table of the peers (its folder: BULKHEAD_PEERS, default ../shared/peers).
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { OPEN_SHARDS } from "../functions/shared/contracts/resources.ts";
import { scriptOptions } from "../infra/script-options.ts";
import { type Assumptions, costPerThousand, idlePerMonth } from "./cost-model.ts";
import { LIST_PRICES_USD } from "./list-prices.ts";
import { meterStandardExecution, TEXT_BYTES } from "./standard-execution.ts";

scriptOptions("npm run cost", {});
const GOAL_USD = 0.2;
const here = dirname(fileURLToPath(import.meta.url));

const ASSUMED: Assumptions = {
  agentWaitSeconds: 40,
  agentWorkSeconds: 0.05,
  agentMemoryGb: 0.25,
  coordinatorSeconds: 0.05,
  coordinatorMemoryGb: 0.25,
};

const { use, units } = await meterStandardExecution();
const cost = costPerThousand(use, ASSUMED);
const usd = (amount: number): string => `$${amount.toFixed(3)}`;
const by = Object.entries(units.writeBy).map(([what, n]) => `${what} ${n}`);

console.log(`per 1,000 standard executions (us-east-1 list prices, no free tier, no model tokens):
  agents          ${usd(cost.agents)}  ${use.agentRuns} runs, ${ASSUMED.agentWaitSeconds} s of waiting at 256 MB arm64
  DynamoDB        ${usd(cost.dynamoDb)}  ${use.writeUnits} write units (${by.join(", ")}), ${use.readUnits} read units
  SQS             ${usd(cost.sqs)}  ${use.messages} messages, each sent, received and deleted
  coordinator     ${usd(cost.coordinator)}  ${use.coordinatorRuns} runs of ${ASSUMED.coordinatorSeconds * 1_000} ms (assumed)
  total           ${usd(cost.total)}  goal ${usd(GOAL_USD)}: ${cost.total <= GOAL_USD ? "reached" : "missed"}
Measured with ${TEXT_BYTES / 1_000} KB of input and ${TEXT_BYTES / 1_000} KB answers. Beside it: the API costs ${usd(1_000 * LIST_PRICES_USD.apiRequest)} per 1,000 requests,
a caller that long-polls for 30 s ${usd(1_000 * 30 * 0.5 * LIST_PRICES_USD.lambdaGbSecond)}, and logs ${usd(LIST_PRICES_USD.logGb)} a GB.`);

const { Resources: resources } = JSON.parse(
  readFileSync(resolve(here, "../test/golden/template.json"), "utf8"),
) as { Resources: Record<string, { Type: string }> };
const count = (type: string): number => Object.values(resources).filter((one) => one.Type === type).length;
const standing = {
  polledQueues: count("AWS::Lambda::EventSourceMapping"),
  alarms: count("AWS::CloudWatch::Alarm"),
  dashboards: count("AWS::CloudWatch::Dashboard"),
  secrets: count("AWS::SecretsManager::Secret"),
  sweeps: { perMonth: 60 * 24 * 30, seconds: 0.1, memoryGb: 0.125 },
  shards: OPEN_SHARDS,
};
const idle = idlePerMonth(standing);
console.log(`
idle, per month:
  dashboard       ${usd(idle.dashboards)}  ${standing.dashboards} (an account's first three are free)
  secrets         ${usd(idle.secrets)}  ${standing.secrets}
  alarms          ${usd(idle.alarms)}  ${standing.alarms}
  queue polling   ${usd(idle.polling)}  ${standing.polledQueues} queues, 5 long polls of 20 s each
  sweeper         ${usd(idle.sweeper)}  once a minute, ${standing.shards} index partitions
  KMS             ${usd(0)}  AWS's own keys
  total           ${usd(idle.total)}`);

const table = resolve(process.env["BULKHEAD_PEERS"] ?? resolve(here, "../../shared/peers"), "cost.md");
if (existsSync(table)) {
  const paper = readFileSync(table, "utf8").trim().split("\n\n")[0] ?? "";
  const measured = `| this project, measured | ${usd(cost.total - cost.agents)} | ${usd(cost.agents)} | ${usd(cost.total)} | 256 MB; the paper's Lambda rows: 512 MB |`;
  console.log(`\nthe paper table of the peers, per 1,000 executions:\n${paper}\n${measured}`);
}
