import { Stack } from "aws-cdk-lib";
import type { IAlarmAction } from "aws-cdk-lib/aws-cloudwatch";
import type { Role } from "aws-cdk-lib/aws-iam";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import type { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { z } from "zod";
import type { CoordinatorEnvironment } from "../../../functions/shared/contracts/environment.ts";
import type { ProtocolTimes } from "../../../functions/shared/contracts/protocol-times.ts";
import { FunctionAlarms } from "./alarms.ts";
import { BundledFunction, type FunctionDefaults } from "./bundled-function.ts";
import type { IsolatedAgent } from "./isolated-agent.ts";
import { consumeStatement, sendStatement, type TableRef, tableStatements } from "./permissions.ts";
import { WorkQueue } from "./work-queue.ts";

/** The queue of hints, which the coordinator alone reads. Made first: everybody sends to it. */
export const createEventsQueue = (scope: Construct, operators: readonly string[] = []): WorkQueue =>
  new WorkQueue(scope, "Events", {
    // Six times the function's timeout.
    visibilitySeconds: 6 * TIMEOUT_SECONDS,
    // P9 gives messages back on purpose while another handler drains.
    maxReceiveCount: 20,
    operators,
  });

const TIMEOUT_SECONDS = 30;
const BATCH_SIZE = 10;
/** A look takes milliseconds; ten at once make some thousand a second. */
const CONCURRENCY = 10;

export interface CoordinatorProps {
  readonly folder: string;
  readonly table: TableRef;
  readonly events: WorkQueue;
  /** All whom it may send work to. */
  readonly agents: readonly IsolatedAgent[];
  readonly times: ProtocolTimes;
  readonly defaults: FunctionDefaults;
  readonly alarmAction?: IAlarmAction | undefined;
}

/** The only one who decides what happens next. It never sees a blob, a workspace, a model or a key. */
export class Coordinator extends Construct {
  readonly lambda: LambdaFunction;
  readonly role: Role;
  /** A line per history event: what the dashboard counts. */
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, { table, events, agents, ...props }: CoordinatorProps) {
    super(scope, id);
    const urls = Object.fromEntries(agents.map(({ agentName, work }) => [agentName, work.queue.queueUrl]));
    const fn = new BundledFunction(this, "Function", {
      ...props.defaults,
      description: "Coordinator: looks at executions and decides what happens next",
      folder: props.folder,
      memoryMb: 256,
      timeoutSeconds: TIMEOUT_SECONDS,
      loops: true,
      environment: {
        BULKHEAD_TABLE: table.tableName,
        BULKHEAD_EVENTS_QUEUE_URL: events.queue.queueUrl,
        BULKHEAD_OWN_QUEUE_URL: events.queue.queueUrl,
        BULKHEAD_AGENT_QUEUE_URLS: Stack.of(this).toJsonString(urls),
        BULKHEAD_TIMES: JSON.stringify(props.times),
      } satisfies z.input<typeof CoordinatorEnvironment>,
    });
    this.lambda = fn.lambda;
    this.role = fn.role;
    this.logGroup = fn.logGroup;

    fn.may(
      ...tableStatements(table, {
        read: ["EXE#*", "PERMIT#*", "TASK#*"],
        put: ["EXE#*", "TASK#*"],
        update: ["EXE#*", "PERMIT#*", "TASK#*"],
      }),
      sendStatement(...agents.map(({ work }) => work.queue)),
      consumeStatement(events.queue),
    );
    for (const { work } of agents) work.admit(this.role);
    events.feed(this.lambda, { batchSize: BATCH_SIZE, concurrency: CONCURRENCY });
    new FunctionAlarms(this, "Alarms", {
      name: "coordinator",
      lambda: this.lambda,
      queue: events,
      waitsMinutesMax: 5,
      action: props.alarmAction,
    });
  }
}
