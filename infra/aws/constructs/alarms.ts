import { Duration } from "aws-cdk-lib";
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import type { WorkQueue } from "./work-queue.ts";

export interface FunctionAlarmsProps {
  /** As people call it. */
  readonly name: string;
  readonly lambda: LambdaFunction;
  readonly queue: WorkQueue;
  /** How long a message may wait before somebody should look. */
  readonly waitsMinutesMax: number;
  /** Where alarms are sent; without one they are only shown. */
  readonly action?: IAlarmAction | undefined;
}

const PERIOD = Duration.minutes(5);

/** What an operator wants to be told of a function on a queue: it fails, it is behind, it gave up on a message. */
export class FunctionAlarms extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { name, lambda, queue, waitsMinutesMax, action }: FunctionAlarmsProps,
  ) {
    super(scope, id);
    const alarm = (id: string, metric: IMetric, threshold: number, alarmDescription: string): void =>
      addAlarm(this, id, { metric, threshold, alarmDescription, action });
    alarm(
      "Errors",
      lambda.metricErrors({ period: PERIOD }),
      1,
      `${name}: an invocation crashed or timed out; its log says why`,
    );
    alarm(
      "Behind",
      queue.queue.metricApproximateAgeOfOldestMessage({ period: PERIOD }),
      waitsMinutesMax * 60,
      `${name}: a message has waited for ${waitsMinutesMax} minutes; look at errors, throttles and concurrency`,
    );
    alarm(
      "DeadLetters",
      queue.deadLetters.metricApproximateNumberOfMessagesVisible({ period: PERIOD }),
      1,
      `${name}: a message was given up; executions go on by themselves, look at its log, then purge or redrive`,
    );
  }
}

export const addAlarm = (
  scope: Construct,
  id: string,
  {
    metric,
    threshold,
    alarmDescription,
    action,
  }: { metric: IMetric; threshold: number; alarmDescription: string; action?: IAlarmAction | undefined },
): void => {
  const alarm = new Alarm(scope, id, {
    metric,
    threshold,
    alarmDescription,
    evaluationPeriods: 1,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
  if (action !== undefined) alarm.addAlarmAction(action);
};
