import { Duration } from "aws-cdk-lib";
import {
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IWidget,
  LogQueryVisualizationType,
  LogQueryWidget,
} from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import type { Coordinator } from "./coordinator.ts";
import type { ExecutionApi } from "./execution-api.ts";
import type { IsolatedAgent } from "./isolated-agent.ts";
import type { Sandbox } from "./sandbox.ts";
import type { WorkQueue } from "./work-queue.ts";

export interface DashboardProps {
  readonly api: ExecutionApi;
  readonly coordinator: Coordinator;
  readonly events: WorkQueue;
  readonly agents: readonly IsolatedAgent[];
  readonly sandbox: Sandbox;
}

const PERIOD = Duration.minutes(5);
const HALF = 12;

/**
 * One page: how runs end, what they cost, how each agent does. What no metric knows is counted in the
 * coordinator's log, which has a line per history event; nothing is paid while nobody looks.
 */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    new CloudWatchDashboard(this, "Page", {
      defaultInterval: Duration.hours(3),
      widgets: [runs(props), spending(props), agents(props), queues(props), failures(props)],
    });
  }
}

// CloudWatch draws lines and areas of what is grouped by time alone; by a field there are bars and tables.

const runs = ({ coordinator }: DashboardProps): IWidget[] => [
  counted(
    coordinator,
    "Runs by status",
    ["filter message = 'history event' and type like /^Execution/", "stats count(*) as runs by type"],
    LogQueryVisualizationType.BAR,
  ),
  counted(
    coordinator,
    "Failures of tasks, by name",
    [
      "filter message = 'history event' and type = 'TaskFailed'",
      "stats count(*) as failures by agent, code",
      "sort failures desc",
    ],
    LogQueryVisualizationType.TABLE,
  ),
];

const spending = ({ coordinator }: DashboardProps): IWidget[] => [
  counted(coordinator, "Tokens", [
    "filter message = 'history event' and ispresent(inputTokens)",
    "stats sum(inputTokens) as input, sum(cacheReadTokens) as cacheRead, sum(cacheWriteTokens) as cacheWrite, sum(outputTokens) as output by bin(5m)",
  ]),
  counted(
    coordinator,
    "Cost in USD, by agent",
    [
      "filter message = 'history event' and ispresent(microUsd)",
      "stats sum(microUsd) / 1000000 as usd by agent",
    ],
    LogQueryVisualizationType.BAR,
  ),
];

const agents = ({ agents }: DashboardProps): IWidget[] => [
  new GraphWidget({
    title: "Duration of an agent's function (p95)",
    width: HALF,
    left: agents.map(({ agentName, lambda }) =>
      lambda.metricDuration({ label: agentName, statistic: "p95", period: PERIOD }),
    ),
  }),
  new GraphWidget({
    title: "Functions at once",
    width: HALF,
    left: agents.map(({ agentName, lambda }) =>
      lambda.metric("ConcurrentExecutions", { label: agentName, statistic: "Maximum", period: PERIOD }),
    ),
  }),
];

const queues = ({ events, agents }: DashboardProps): IWidget[] => {
  const all = [
    { name: "events", work: events },
    ...agents.map(({ agentName: name, work }) => ({ name, work })),
  ];
  return [
    new GraphWidget({
      title: "Age of the oldest message",
      width: HALF,
      left: all.map(({ name, work }) =>
        work.queue.metricApproximateAgeOfOldestMessage({ label: name, period: PERIOD }),
      ),
    }),
    new GraphWidget({
      title: "Dead letters",
      width: HALF,
      left: all.map(({ name, work }) =>
        work.deadLetters.metricApproximateNumberOfMessagesVisible({ label: name, period: PERIOD }),
      ),
    }),
  ];
};

const failures = ({ api, coordinator, agents, sandbox }: DashboardProps): IWidget[] => {
  const all = [
    { name: "api", lambda: api.lambda },
    { name: "coordinator", lambda: coordinator.lambda },
    ...agents.map(({ agentName: name, lambda }) => ({ name, lambda })),
    { name: "sandbox", lambda: sandbox.lambda },
  ];
  return [
    new GraphWidget({
      title: "Errors of functions",
      width: HALF,
      left: all.map(({ name, lambda }) => lambda.metricErrors({ label: name, period: PERIOD })),
    }),
    new GraphWidget({
      title: "API",
      width: HALF,
      left: [
        api.api.metricCount({ period: PERIOD }),
        api.api.metricClientError({ period: PERIOD, statistic: "Sum" }),
        api.api.metricServerError({ period: PERIOD, statistic: "Sum" }),
      ],
      right: [api.api.metricLatency({ statistic: "p95", period: PERIOD })],
    }),
  ];
};

const counted = (
  { logGroup }: Coordinator,
  title: string,
  queryLines: string[],
  view: LogQueryVisualizationType = LogQueryVisualizationType.STACKEDAREA,
): IWidget =>
  new LogQueryWidget({ title, width: HALF, logGroupNames: [logGroup.logGroupName], queryLines, view });
