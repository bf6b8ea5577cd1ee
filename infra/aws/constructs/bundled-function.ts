import { Duration, type RemovalPolicy } from "aws-cdk-lib";
import { type PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
  Tracing,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";
import { traceStatement, writeLogsStatement } from "./permissions.ts";

/** What all functions of a deployment have in common. */
export interface FunctionDefaults {
  readonly logDays: RetentionDays;
  readonly removalPolicy: RemovalPolicy;
  /** Default: arm64, a fifth cheaper. Emulators run functions on the machine that they are on. */
  readonly architecture?: Architecture;
}

export interface BundledFunctionProps extends FunctionDefaults {
  readonly description: string;
  /** A folder of `infra/bundle.ts`: `index.mjs` and what it reads. */
  readonly folder: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Whether it may be part of a loop through queues. AWS ends a chain of about 16 hops otherwise, and
   * says so to nobody who waits; `eventsMax`, budgets and deadlines stand in its place.
   */
  readonly loops: boolean;
}

/** One function with a role of its own, which may write its own log and traces, and nothing else yet. */
export class BundledFunction extends Construct {
  readonly lambda: LambdaFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: BundledFunctionProps) {
    super(scope, id);
    const { description, environment, memoryMb, loops, removalPolicy } = props;
    this.logGroup = new LogGroup(this, "Logs", { retention: props.logDays, removalPolicy });
    this.role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
      description,
    });
    this.may(writeLogsStatement(this.logGroup), traceStatement());
    this.lambda = new LambdaFunction(this, "Function", {
      description,
      runtime: Runtime.NODEJS_24_X,
      architecture: props.architecture ?? Architecture.ARM_64,
      handler: "index.handler",
      code: Code.fromAsset(props.folder),
      memorySize: memoryMb,
      timeout: Duration.seconds(props.timeoutSeconds),
      environment: { ...environment },
      recursiveLoop: loops ? RecursiveLoop.ALLOW : RecursiveLoop.TERMINATE,
      tracing: Tracing.ACTIVE,
      loggingFormat: LoggingFormat.JSON,
      logGroup: this.logGroup,
      // `may` has granted all of it; CDK would grant more.
      role: this.role.withoutPolicyUpdates(),
    });
    this.lambda.node.addDependency(this.role);
    acknowledge(this, {
      "AwsSolutions-IAM5[Resource::*]": "X-Ray knows no resources: traces are sent to `*` or not at all.",
      "Serverless-LambdaDLQ":
        "Nothing invokes it asynchronously but the schedule; queues have dead-letter queues of their own.",
    });
  }

  /** Adds to what the function may do; the only way that it gets any permission. */
  may(...statements: readonly PolicyStatement[]): void {
    for (const statement of statements) this.role.addToPolicy(statement);
  }
}
