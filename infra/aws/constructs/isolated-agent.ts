import { Stack } from "aws-cdk-lib";
import type { IAlarmAction } from "aws-cdk-lib/aws-cloudwatch";
import type { Role } from "aws-cdk-lib/aws-iam";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { CfnSecret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import type { z } from "zod";
import type { AgentEnvironment } from "../../../functions/shared/contracts/environment.ts";
import type { ProtocolTimes } from "../../../functions/shared/contracts/protocol-times.ts";
import { accountPartition } from "../../../functions/shared/contracts/resources.ts";
import type { ModelSettings } from "../models.ts";
import { acknowledge, acknowledgeBlobs, acknowledgeProjects } from "./acknowledge.ts";
import { FunctionAlarms } from "./alarms.ts";
import { BundledFunction, type FunctionDefaults } from "./bundled-function.ts";
import {
  askModelStatement,
  type BucketRef,
  blobStatements,
  consumeStatement,
  type FunctionRef,
  invokeStatement,
  projectsArn,
  readSecretStatement,
  sendStatement,
  type TableRef,
  tableStatements,
} from "./permissions.ts";
import { WorkQueue } from "./work-queue.ts";

export interface IsolatedAgentProps {
  /** As its folder is called. */
  readonly name: string;
  /** Its bundle: a folder of `infra/bundle.ts`. */
  readonly folder: string;
  readonly model: ModelSettings;
  /** What its secret is called; a person fills it with the provider's key. */
  readonly secretName: string;
  readonly table: TableRef;
  readonly bucket: BucketRef;
  /** Where it says "look": the coordinator's queue. */
  readonly events: WorkQueue;
  /** Functions of it at once, 2 at least. */
  readonly concurrency: number;
  readonly memoryMb?: number | undefined;
  readonly times: ProtocolTimes;
  readonly defaults: FunctionDefaults;
  readonly operators?: readonly string[] | undefined;
  /** For an agent that runs code: where it does. */
  readonly sandbox?: FunctionRef | undefined;
  readonly alarmAction?: IAlarmAction | undefined;
}

/** Lambda's longest; a task that needs more goes on in a new invocation. */
const TIMEOUT_SECONDS = 900;
/** A minute above the timeout. The heartbeat shortens it for each message, so that a dead agent's returns soon. */
const VISIBILITY_SECONDS = 960;
/**
 * A task that waits for another's reservation gives its message back every 15 s, and each counts as a
 * delivery: an hour of that is no dead letter. What crashes an agent ends by itself, as `CrashLoop`.
 */
const DELIVERIES_MAX = 250;

/**
 * One agent, with nothing that any other agent has: function, queue, dead-letter queue, role, secret
 * and alarms. In the table it reaches its own records, the permits, the workspaces and its provider account's
 * limits, and nothing else.
 */
export class IsolatedAgent extends Construct {
  readonly agentName: string;
  readonly work: WorkQueue;
  readonly lambda: LambdaFunction;
  readonly role: Role;
  /** Created empty: until somebody fills it, tasks fail as `SecretUnavailable`. */
  readonly secret: CfnSecret;

  constructor(scope: Construct, id: string, props: IsolatedAgentProps) {
    super(scope, id);
    const { name, table, bucket, events, model, sandbox } = props;
    this.agentName = name;
    this.work = new WorkQueue(this, "Work", {
      visibilitySeconds: VISIBILITY_SECONDS,
      maxReceiveCount: DELIVERIES_MAX,
      operators: props.operators,
    });
    this.secret = new CfnSecret(this, "Secret", {
      name: props.secretName,
      description: `The key of agent ${name} at its model provider`,
    });
    acknowledge(this.secret, {
      "AwsSolutions-SMG4":
        "A provider's key is rotated at the provider; the agent takes up a new one in minutes.",
    });
    const fn = new BundledFunction(this, "Function", {
      ...props.defaults,
      description: `Agent ${name}`,
      folder: props.folder,
      // It waits for the model most of the time, and waiting costs by the megabyte.
      memoryMb: props.memoryMb ?? 256,
      timeoutSeconds: TIMEOUT_SECONDS,
      loops: true,
      environment: {
        BULKHEAD_AGENT: name,
        BULKHEAD_TABLE: table.tableName,
        BULKHEAD_BUCKET: bucket.bucketName,
        BULKHEAD_EVENTS_QUEUE_URL: events.queue.queueUrl,
        BULKHEAD_OWN_QUEUE_URL: this.work.queue.queueUrl,
        BULKHEAD_TIMES: JSON.stringify(props.times),
        BULKHEAD_PROVIDER: model.provider,
        BULKHEAD_MODEL: model.model,
        BULKHEAD_ACCOUNT: model.account,
        ...(Object.keys(model.accountLimits).length === 0
          ? {}
          : { BULKHEAD_ACCOUNT_LIMITS: JSON.stringify(model.accountLimits) }),
        BULKHEAD_SECRET_ID: this.secret.ref,
        ...(model.baseUrl === undefined ? {} : { BULKHEAD_BASE_URL: model.baseUrl }),
        ...(sandbox === undefined ? {} : { BULKHEAD_SANDBOX_FUNCTION: sandbox.functionName }),
      } satisfies z.input<typeof AgentEnvironment>,
    });
    this.lambda = fn.lambda;
    this.role = fn.role;

    const own = `TASK#${name}#*`;
    const account = accountPartition(model.account);
    fn.may(
      ...tableStatements(table, {
        read: [own, "PERMIT#*", "FILES#*", account],
        put: [own, "FILES#*", account],
        update: [own, "PERMIT#*", "FILES#*", account],
      }),
      ...blobStatements(bucket),
      readSecretStatement(this.secret.ref),
      sendStatement(events.queue, this.work.queue),
      consumeStatement(this.work.queue),
      ...(sandbox === undefined ? [] : [invokeStatement(sandbox)]),
    );
    if (model.provider === "bedrock") {
      const projects = projectsArn(Stack.of(this));
      fn.may(askModelStatement(projects, model.model));
      acknowledgeProjects(this, projects);
    }
    acknowledgeBlobs(this, bucket);
    events.admit(this.role);
    this.work.admit(this.role);
    this.work.feed(this.lambda, { batchSize: 1, concurrency: props.concurrency });
    new FunctionAlarms(this, "Alarms", {
      name: `agent ${name}`,
      lambda: this.lambda,
      queue: this.work,
      waitsMinutesMax: 30,
      action: props.alarmAction,
    });
  }
}
