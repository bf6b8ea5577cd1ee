import { CfnOutput, RemovalPolicy, Stack, type StackProps, Validations } from "aws-cdk-lib";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Architecture } from "aws-cdk-lib/aws-lambda";
import { Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { LIMITS } from "../../functions/shared/contracts/limits.ts";
import { AWS_TIMES, LOCAL_TIMES } from "../../functions/shared/contracts/protocol-times.ts";
import { RUN_CODE } from "../../functions/shared/contracts/sandbox.ts";
import type { BundleResult } from "../bundle.ts";
import type { FunctionDefaults } from "./constructs/bundled-function.ts";
import { Coordinator, createEventsQueue } from "./constructs/coordinator.ts";
import { Dashboard } from "./constructs/dashboard.ts";
import { ExecutionApi } from "./constructs/execution-api.ts";
import { ExecutionStore } from "./constructs/execution-store.ts";
import { IsolatedAgent } from "./constructs/isolated-agent.ts";
import { Sandbox } from "./constructs/sandbox.ts";
import { Sweeper } from "./constructs/sweeper.ts";
import { type ModelSettings, resolveModels } from "./models.ts";
import type { Settings } from "./settings.ts";

export interface BulkheadStackProps extends StackProps {
  readonly settings: Settings;
  readonly bundles: BundleResult;
}

const DAY_SECONDS = 86_400;

/** The whole system. Which agents there are is what the bundles say: adding one changes nothing here. */
export class BulkheadStack extends Stack {
  constructor(scope: Construct, id: string, { settings, bundles, ...props }: BulkheadStackProps) {
    super(scope, id, props);
    const { local, operators } = settings;
    const models = resolveModels(settings, bundles.manifest);
    const removalPolicy = settings.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    const folderOf = (name: string): string => {
      const found = bundles.functions.find((bundled) => bundled.name === name);
      if (found === undefined) throw new Error(`functions/${name} has no handler.ts`);
      return found.folder;
    };
    const modelOf = (name: string): ModelSettings => {
      const model = models[name];
      if (model === undefined) throw new Error(`no model for ${name}`);
      return model;
    };
    const defaults: FunctionDefaults = {
      logDays: settings.logDays,
      removalPolicy,
      architecture: local && process.arch === "x64" ? Architecture.X86_64 : Architecture.ARM_64,
    };
    const alarmAction =
      settings.alarmTopic === undefined
        ? undefined
        : new SnsAction(Topic.fromTopicArn(this, "AlarmTopic", settings.alarmTopic));
    const times = local ? LOCAL_TIMES : AWS_TIMES;

    const { table, bucket } = new ExecutionStore(this, "Store", {
      removalPolicy,
      autoDelete: !local && !settings.retain,
      blobDays: settings.retentionDays + Math.ceil(LIMITS.deadlineSecondsMax / DAY_SECONDS) + 1,
    });
    const events = createEventsQueue(this, operators);
    const common = { table, events, defaults, alarmAction };

    const sandbox = new Sandbox(this, "Sandbox", {
      folder: folderOf("sandbox"),
      defaults,
      isInVpc: settings.sandboxVpc,
      alarmAction,
    });
    const agents = bundles.manifest.map(
      ({ name, concurrency, tools }) =>
        new IsolatedAgent(this, `Agent-${name}`, {
          ...common,
          bucket,
          name,
          folder: folderOf(name),
          model: modelOf(name),
          secretName: `${this.stackName}/${name}`,
          concurrency: settings.agents[name]?.concurrency ?? settings.concurrency ?? Math.max(2, concurrency),
          memoryMb: settings.agents[name]?.memoryMb,
          times,
          operators,
          sandbox: tools.includes(RUN_CODE) ? sandbox.lambda : undefined,
        }),
    );
    for (const { agent, text } of bundles.warnings) {
      const place = agents.find(({ agentName }) => agentName === agent) ?? this;
      Validations.of(place).addWarning("bulkhead:rule-of-two", text);
    }
    const coordinator = new Coordinator(this, "Coordinator", {
      ...common,
      folder: folderOf("coordinator"),
      agents,
      times,
    });
    new Sweeper(this, "Sweeper", { ...common, folder: folderOf("sweeper") });
    const { usd, ...limits } = settings.limits;
    const api = new ExecutionApi(this, "Api", {
      ...common,
      bucket,
      folder: folderOf("api"),
      models,
      limits: { ...limits, ...(usd === undefined ? {} : { microUsd: Math.round(usd * 1e6) }) },
      retentionSeconds: settings.retentionDays * DAY_SECONDS,
      auth: settings.auth,
      requestsPerSecond: settings.requestsPerSecond,
      requestsBurst: settings.requestsBurst,
      requestsPerDay: settings.requestsPerDay,
      isScripted: settings.scripted,
    });
    new Dashboard(this, "Dashboard", { api, coordinator, events, agents, sandbox });
    this.#tell(api, agents);
  }

  /** What a person needs after a deployment. */
  #tell({ api, key }: ExecutionApi, agents: readonly IsolatedAgent[]): void {
    const output = (id: string, value: string, description: string) =>
      new CfnOutput(this, id, { value, description });
    output("ApiUrl", api.url, "The address of the API");
    output("ApiId", api.restApiId, "The API's id, for API Gateway's own commands");
    if (key !== undefined)
      output("ApiKeyId", key.keyId, "The id of the API key, whose value API Gateway tells");
    for (const { agentName, secret } of agents) {
      output(
        `Secret${pascal(agentName)}`,
        secret.ref,
        `Created empty: fill it with the key of agent ${agentName}`,
      );
    }
  }
}

/** Output ids are letters and digits. */
const pascal = (name: string): string =>
  name
    .split("-")
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("");
