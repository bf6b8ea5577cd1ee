import { Duration, Lazy } from "aws-cdk-lib";
import { AnyPrincipal, Effect, type IRole, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";

export interface WorkQueueProps {
  /** Above the timeout of the function that is fed: Lambda wants it, and a live one needs it. */
  readonly visibilitySeconds: number;
  /** Deliveries before a message is put aside; those that the handler gave back on purpose count too. */
  readonly maxReceiveCount: number;
  /** ARNs, `*` allowed, that may send beside the roles that were admitted. */
  readonly operators?: readonly string[] | undefined;
}

/** A standard queue with its dead-letter queue. Nothing polls the latter: its alarm is for people. */
export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly #senders: IRole[] = [];

  constructor(
    scope: Construct,
    id: string,
    { visibilitySeconds, maxReceiveCount, operators = [] }: WorkQueueProps,
  ) {
    super(scope, id);
    const secured = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true };
    this.deadLetters = new Queue(this, "DeadLetters", { ...secured, retentionPeriod: Duration.days(14) });
    acknowledge(this.deadLetters, {
      "Serverless-SQSRedrivePolicy": "It is the dead-letter queue itself; its alarm calls a person.",
    });
    this.queue = new Queue(this, "Queue", {
      ...secured,
      visibilityTimeout: Duration.seconds(visibilitySeconds),
      // A dead letter keeps the age that it had.
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount },
    });
    this.queue.addToResourcePolicy(
      new PolicyStatement({
        sid: "OnlyNamedSenders",
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ["sqs:SendMessage"],
        resources: [this.queue.queueArn],
        conditions: {
          ArnNotLike: {
            "aws:PrincipalArn": Lazy.list({
              produce: () => [...this.#senders.map(({ roleArn }) => roleArn), ...operators],
            }),
          },
        },
      }),
    );
  }

  /** Whoever is not admitted is refused, whatever its own role says. */
  admit(...senders: readonly IRole[]): void {
    this.#senders.push(...senders);
  }

  /** Delivers to a function, which says of each message by itself whether it failed. */
  feed(lambda: LambdaFunction, { batchSize, concurrency }: { batchSize: number; concurrency: number }): void {
    const mapping = lambda.addEventSourceMapping("Queue", {
      eventSourceArn: this.queue.queueArn,
      batchSize,
      maxConcurrency: concurrency,
      reportBatchItemFailures: true,
    });
    acknowledge(mapping, {
      "Serverless-LambdaEventSourceMappingDestination":
        "SQS sources take none; what fails too often goes to the queue's own dead-letter queue.",
    });
  }
}
