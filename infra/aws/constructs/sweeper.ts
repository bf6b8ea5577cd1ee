import { Duration } from "aws-cdk-lib";
import type { IAlarmAction } from "aws-cdk-lib/aws-cloudwatch";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction as LambdaTarget } from "aws-cdk-lib/aws-events-targets";
import type { Role } from "aws-cdk-lib/aws-iam";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import type { z } from "zod";
import type { SweeperEnvironment } from "../../../functions/shared/contracts/environment.ts";
import { OPEN_INDEX } from "../../../functions/shared/contracts/resources.ts";
import { acknowledge } from "./acknowledge.ts";
import { addAlarm } from "./alarms.ts";
import { BundledFunction, type FunctionDefaults } from "./bundled-function.ts";
import { queryIndexStatement, sendStatement, type TableRef } from "./permissions.ts";
import type { WorkQueue } from "./work-queue.ts";

export interface SweeperProps {
  readonly folder: string;
  readonly table: TableRef;
  readonly events: WorkQueue;
  readonly defaults: FunctionDefaults;
  readonly alarmAction?: IAlarmAction | undefined;
}

/** The clock: once a minute, a hint for every execution that is due. Without it a lost message is for ever. */
export class Sweeper extends Construct {
  readonly lambda: LambdaFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, { table, events, ...props }: SweeperProps) {
    super(scope, id);
    const fn = new BundledFunction(this, "Function", {
      ...props.defaults,
      description: "Sweeper: sends a hint for every execution that is due",
      folder: props.folder,
      memoryMb: 128,
      timeoutSeconds: 30,
      loops: false,
      environment: {
        BULKHEAD_TABLE: table.tableName,
        BULKHEAD_EVENTS_QUEUE_URL: events.queue.queueUrl,
      } satisfies z.input<typeof SweeperEnvironment>,
    });
    this.lambda = fn.lambda;
    this.role = fn.role;
    fn.may(queryIndexStatement(table, OPEN_INDEX), sendStatement(events.queue));
    events.admit(this.role);

    // A sweep that failed is no loss: the next one finds the same, a minute later.
    const target = new LambdaTarget(this.lambda, { retryAttempts: 0, maxEventAge: Duration.minutes(1) });
    const rule = new Rule(this, "EveryMinute", {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [target],
    });
    acknowledge(rule, { "Serverless-EventBusDLQ": "A lost tick is made good by the next, a minute later." });
    addAlarm(this, "Errors", {
      metric: this.lambda.metricErrors({ period: Duration.minutes(5) }),
      threshold: 3,
      alarmDescription: "sweeper: sweeps fail; deadlines and lost messages are noticed by nobody",
      action: props.alarmAction,
    });
  }
}
