import { Duration } from "aws-cdk-lib";
import {
  AccessLogFormat,
  AuthorizationType,
  EndpointType,
  type IApiKey,
  LambdaIntegration,
  LogGroupLogDestination,
  MethodLoggingLevel,
  Period,
  RestApi,
} from "aws-cdk-lib/aws-apigateway";
import type { IAlarmAction } from "aws-cdk-lib/aws-cloudwatch";
import type { Role } from "aws-cdk-lib/aws-iam";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import type { z } from "zod";
import type { ApiEnvironment } from "../../../functions/shared/contracts/environment.ts";
import { HUMAN } from "../../../functions/shared/contracts/human.ts";
import { LIST_INDEX } from "../../../functions/shared/contracts/resources.ts";
import type { ModelSettings } from "../models.ts";
import { acknowledge, acknowledgeBlobs } from "./acknowledge.ts";
import { addAlarm } from "./alarms.ts";
import { BundledFunction, type FunctionDefaults } from "./bundled-function.ts";
import {
  type BucketRef,
  blobStatements,
  queryIndexStatement,
  readSecretStatement,
  sendStatement,
  type TableRef,
  tableStatements,
} from "./permissions.ts";
import type { WorkQueue } from "./work-queue.ts";

export interface ExecutionApiProps {
  readonly folder: string;
  readonly table: TableRef;
  readonly bucket: BucketRef;
  readonly events: WorkQueue;
  readonly models: Readonly<Record<string, ModelSettings>>;
  /** Of executions that ask for nothing; an ExecutionLimits, in parts. */
  readonly limits: object;
  readonly retentionSeconds: number;
  readonly auth: "api-key" | "iam";
  readonly requestsPerSecond: number;
  readonly requestsBurst: number;
  readonly requestsPerDay: number;
  readonly isScripted: boolean;
  readonly defaults: FunctionDefaults;
  readonly alarmAction?: IAlarmAction | undefined;
}

/** API Gateway's own limit; the longest poll of ours is 25 s. */
const TIMEOUT_SECONDS = 29;

/** The HTTP API: one function behind a gateway that asks for a key, or for a signature. */
export class ExecutionApi extends Construct {
  readonly lambda: LambdaFunction;
  readonly role: Role;
  readonly api: RestApi;
  /** Absent where callers sign their requests. */
  readonly key: IApiKey | undefined;

  constructor(scope: Construct, id: string, props: ExecutionApiProps) {
    super(scope, id);
    const { table, bucket, events } = props;
    const tokenSecret = new Secret(this, "TokenSecret", {
      description: "Signs the page tokens of the API",
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
    });
    acknowledge(tokenSecret, {
      "AwsSolutions-SMG4":
        "Nobody outside holds it; a new one only makes page tokens of minutes ago invalid.",
    });
    const fn = new BundledFunction(this, "Function", {
      ...props.defaults,
      description: "API: accepts, shows and stops executions",
      folder: props.folder,
      memoryMb: 512,
      timeoutSeconds: TIMEOUT_SECONDS,
      loops: false,
      environment: {
        BULKHEAD_TABLE: table.tableName,
        BULKHEAD_BUCKET: bucket.bucketName,
        BULKHEAD_EVENTS_QUEUE_URL: events.queue.queueUrl,
        BULKHEAD_AGENT_MODELS: JSON.stringify(props.models),
        BULKHEAD_TOKEN_SECRET_ID: tokenSecret.secretArn,
        BULKHEAD_LIMITS: JSON.stringify(props.limits),
        BULKHEAD_RETENTION_SECONDS: String(props.retentionSeconds),
        BULKHEAD_SCRIPTED: props.isScripted ? "1" : "0",
      } satisfies z.input<typeof ApiEnvironment>,
    });
    this.lambda = fn.lambda;
    this.role = fn.role;
    fn.may(
      ...tableStatements(table, {
        read: ["EXE#*", "PERMIT#*", "TASK#*", "FILES#*"],
        put: ["EXE#*", "PERMIT#*", "FILES#*"],
        // A person answers through the API; no agent's role may write there.
        update: ["PERMIT#*", `TASK#${HUMAN}#*`],
      }),
      queryIndexStatement(table, LIST_INDEX),
      ...blobStatements(bucket),
      readSecretStatement(tokenSecret.secretArn),
      sendStatement(events.queue),
    );
    acknowledgeBlobs(this, bucket);
    events.admit(this.role);

    this.api = createGateway(this, this.lambda, props);
    this.key = props.auth === "api-key" ? addKey(this.api, props) : undefined;
    addAlarm(this, "Errors", {
      metric: this.api.metricServerError({ period: Duration.minutes(5), statistic: "Sum" }),
      threshold: 1,
      alarmDescription: "api: it answered with 5xx; its log says why",
      action: props.alarmAction,
    });
  }
}

const createGateway = (
  scope: Construct,
  lambda: LambdaFunction,
  { auth, requestsPerSecond, requestsBurst, defaults }: ExecutionApiProps,
): RestApi => {
  const accessLogs = new LogGroup(scope, "AccessLogs", {
    retention: defaults.logDays,
    removalPolicy: defaults.removalPolicy,
  });
  const api = new RestApi(scope, "Gateway", {
    description: "Bulkhead",
    endpointTypes: [EndpointType.REGIONAL],
    cloudWatchRole: true,
    deployOptions: {
      stageName: "v1",
      throttlingRateLimit: requestsPerSecond,
      throttlingBurstLimit: requestsBurst,
      loggingLevel: MethodLoggingLevel.ERROR,
      // It would log prompts and answers.
      dataTraceEnabled: false,
      metricsEnabled: true,
      tracingEnabled: true,
      accessLogDestination: new LogGroupLogDestination(accessLogs),
      accessLogFormat: AccessLogFormat.jsonWithStandardFields(),
    },
    defaultIntegration: new LambdaIntegration(lambda, { allowTestInvoke: false }),
    defaultMethodOptions:
      auth === "iam"
        ? { authorizationType: AuthorizationType.IAM }
        : { authorizationType: AuthorizationType.NONE, apiKeyRequired: true },
  });
  api.root.addMethod("ANY");
  api.root.addProxy({ anyMethod: true });
  acknowledge(api, {
    "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]":
      "API Gateway's own role for writing logs, one per account and region; AWS names this policy for it.",
    "AwsSolutions-APIG2": "The function validates every field against the schemas of its OpenAPI document.",
    "AwsSolutions-APIG3":
      "A web application firewall costs more a month than the rest; docs/deploy.md shows how to add one.",
    "AwsSolutions-COG4":
      "Callers are services: they hold an API key or sign their requests; there are no users to sign in.",
    ...(auth === "iam"
      ? {}
      : { "AwsSolutions-APIG4": "The default asks for an API key; `-c auth=iam` asks for a signature." }),
  });
  return api;
};

/** What a key may ask for. AWS promises best effort, so that budgets do not depend on it. */
const addKey = (
  api: RestApi,
  { requestsPerSecond, requestsBurst, requestsPerDay }: ExecutionApiProps,
): IApiKey => {
  const key = api.addApiKey("Key");
  const plan = api.addUsagePlan("UsagePlan", {
    throttle: { rateLimit: requestsPerSecond, burstLimit: requestsBurst },
    quota: { limit: requestsPerDay, period: Period.DAY },
  });
  plan.addApiKey(key);
  plan.addApiStage({ stage: api.deploymentStage });
  return key;
};
