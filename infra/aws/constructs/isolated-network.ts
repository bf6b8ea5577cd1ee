import { type IVpc, SecurityGroup, SubnetType, Vpc } from "aws-cdk-lib/aws-ec2";
import { Effect, Policy, PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";
import type { FunctionOptions, Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";

/** A network that leads nowhere: no gateway, no endpoint, and a group that lets nothing out. */
export class IsolatedNetwork extends Construct {
  /** What puts a function into it. */
  readonly placement: Pick<FunctionOptions, "vpc" | "vpcSubnets" | "securityGroups">;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const vpcSubnets = { subnetType: SubnetType.PRIVATE_ISOLATED };
    const vpc = new Vpc(this, "Vpc", {
      maxAzs: 2,
      natGateways: 0,
      createInternetGateway: false,
      // Emptying the default group takes a function of CDK's own; nothing of ours is in that group.
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [{ name: "isolated", ...vpcSubnets, cidrMask: 24 }],
    }) as Vpc & IVpc; // CDK's class is not quite its interface under exactOptionalPropertyTypes
    const group = new SecurityGroup(this, "NothingOut", {
      vpc,
      description: "Lets nothing in and nothing out",
      allowAllOutbound: false,
    });
    this.placement = { vpc, vpcSubnets, securityGroups: [group] };
    acknowledge(vpc, {
      "AwsSolutions-VPC7":
        "Nothing leads into this network or out of it, so that there is no traffic to log.",
    });
  }

  /**
   * Lambda itself makes a function's network interfaces, in the name of the function's role, and asks for
   * that right before it makes the function. The function's own code is denied it.
   */
  letLambdaIn(role: Role, lambda: LambdaFunction): void {
    const interfaces = (effect: Effect): PolicyStatement =>
      new PolicyStatement({ effect, actions: NETWORK_INTERFACES, resources: ["*"] });
    const allow = new Policy(this, "Interfaces", { roles: [role], statements: [interfaces(Effect.ALLOW)] });
    lambda.node.addDependency(allow);
    const deny = interfaces(Effect.DENY);
    deny.addCondition("ArnEquals", { "lambda:SourceFunctionArn": lambda.functionArn });
    new Policy(this, "NotForItsCode", { roles: [role], statements: [deny] });
    acknowledge(allow, {
      "AwsSolutions-IAM5[Resource::*]": "The interfaces do not exist yet; only Lambda itself may use this.",
    });
  }
}

const NETWORK_INTERFACES = [
  "ec2:AssignPrivateIpAddresses",
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:UnassignPrivateIpAddresses",
];
