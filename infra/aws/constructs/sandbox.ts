import { Duration } from "aws-cdk-lib";
import type { IAlarmAction } from "aws-cdk-lib/aws-cloudwatch";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  RecursiveLoop,
  Runtime,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";
import { addAlarm } from "./alarms.ts";
import type { FunctionDefaults } from "./bundled-function.ts";
import { IsolatedNetwork } from "./isolated-network.ts";

export interface SandboxProps {
  readonly folder: string;
  readonly defaults: FunctionDefaults;
  /** Whether it runs in a network that leads nowhere. */
  readonly isInVpc: boolean;
  readonly alarmAction?: IAlarmAction | undefined;
}

/** Twice what a program may run, and what its thread needs beside it. */
const TIMEOUT_SECONDS = 30;
/** A program's memory, its engine's, and Node's; more memory is more of a CPU. */
const MEMORY_MB = 512;

/**
 * Where code of a model runs, as nobody. The role has no permission at all, not even for logs or traces, so
 * that its credentials, which lie in every function's environment, are worth nothing; what a program prints
 * returns to the caller. Whoever may invoke it is given that right where it is made, and nobody else has it.
 */
export class Sandbox extends Construct {
  readonly role: Role;
  readonly lambda: LambdaFunction;

  constructor(scope: Construct, id: string, { folder, defaults, isInVpc, alarmAction }: SandboxProps) {
    super(scope, id);
    this.role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
      description: "Sandbox: may do nothing",
    });
    const { logDays, removalPolicy } = defaults;
    const network = isInVpc ? new IsolatedNetwork(this, "Network") : undefined;
    this.lambda = new LambdaFunction(this, "Function", {
      description: "Sandbox: runs code that nobody trusts",
      runtime: Runtime.NODEJS_24_X,
      architecture: defaults.architecture ?? Architecture.ARM_64,
      handler: "index.handler",
      code: Code.fromAsset(folder),
      memorySize: MEMORY_MB,
      timeout: Duration.seconds(TIMEOUT_SECONDS),
      recursiveLoop: RecursiveLoop.TERMINATE,
      // It stays empty; CDK would make one that keeps its nothing for longer.
      logGroup: new LogGroup(this, "Logs", { retention: logDays, removalPolicy }),
      role: this.role.withoutPolicyUpdates(),
      ...network?.placement,
    });
    network?.letLambdaIn(this.role, this.lambda);
    acknowledge(this.lambda, {
      "Serverless-LambdaDLQ": "It is only invoked by callers that wait for the answer.",
      "Serverless-LambdaTracing": "Tracing is a permission, and it has none; its callers are traced.",
    });
    addAlarm(this, "Errors", {
      metric: this.lambda.metricErrors({ period: Duration.minutes(5) }),
      threshold: 3,
      alarmDescription:
        "sandbox: invocations crash or time out; agents are told, and go on without their program's result",
      action: alarmAction,
    });
  }
}
