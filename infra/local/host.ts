import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LOCAL_TIMES, type ProtocolTimes } from "../../functions/shared/contracts/protocol-times.ts";
import { agentQueueName } from "../../functions/shared/contracts/resources.ts";
import { BundleError, type BundleResult } from "../bundle.ts";
import { cachedBundle } from "./bundle-cache.ts";
import { type FunctionHome, Turnstile } from "./child-function.ts";
import { connectModels } from "./connect-models.ts";
import { openDataFolder } from "./data-folder.ts";
import { BUCKET, SANDBOX, TABLE_NAME, toFunctionSettings } from "./deployment.ts";
import { type Emulators, startEmulators } from "./emulators.ts";
import { EventSource } from "./event-source.ts";
import { concurrencyOf } from "./function-settings.ts";
import { Gateway } from "./gateway.ts";
import { HostError, toHostError } from "./host-error.ts";
import { HostFunctions } from "./host-functions.ts";
import type { HostOptions } from "./host-options.ts";
import { LambdaApi } from "./lambda-api.ts";
import { EVENTS_QUEUE, toQueueSettings } from "./queue-settings.ts";
import { Reaper } from "./reaper.ts";
import { type Host, RunningHost } from "./running-host.ts";
import { RuntimeApi } from "./runtime-api.ts";
import { startClock } from "./sweeper-clock.ts";
import { startTableEmulator } from "./table-emulator.ts";
import { resolveToolCredentials } from "./tool-credentials.ts";

export { HostError } from "./host-error.ts";
export type { HostOptions } from "./host-options.ts";
export type { Host } from "./running-host.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
/** How long running invocations may go on when the host stops; what is cut goes on at the next start. */
const GRACE_MS = 1_000;
const THROTTLE = { ratePerSecond: 50, burst: 100 };
const REQUESTS_AT_ONCE_MAX = 128;
const COORDINATOR_BATCH = 10;

/**
 * The whole system on this machine; see README.md beside this file. Rejects with HostError, whose
 * message is one line, when something outside the program is in the way; nothing is left running then.
 */
export const startHost = async (options: HostOptions = {}): Promise<Host> => {
  const parts = new AsyncDisposableStack();
  let isGivenUp = false;
  const log: HostOptions["log"] =
    options.log && ((source, line) => (isGivenUp ? undefined : options.log?.(source, line)));
  try {
    return await compose({ ...options, log }, parts);
  } catch (error) {
    isGivenUp = true; // the caller is told why, not what else is cut short by it
    await parts.disposeAsync();
    throw error instanceof BundleError ? new HostError(error.message, { cause: error }) : error;
  }
};

/** Parts are ended in the opposite order: first nothing new comes in, then nothing runs, then nothing is there. */
const compose = async (options: HostOptions, parts: AsyncDisposableStack): Promise<Host> => {
  const { root = REPOSITORY, log } = options;
  const times: ProtocolTimes = { ...LOCAL_TIMES, ...options.times };

  const { dataDir } = options;
  const place =
    dataDir === undefined ? `the folder for temporary files, ${tmpdir()},` : `data folder ${dataDir}`;
  const data =
    dataDir === undefined ? undefined : await at(place, () => openDataFolder(dataDir, options.store));
  if (data !== undefined) parts.defer(() => data.release());
  const scratch = await at(`the folder for temporary files, ${tmpdir()},`, () =>
    mkdtempSync(join(tmpdir(), "bulkhead-")),
  );
  const reaper = new Reaper(scratch);
  parts.defer(() => reaper.stop());

  const bundles = await cachedBundle({ root, agentsDir: options.agentsDir, minify: options.minify });
  const { manifest, warnings } = bundles;
  // A host that only shows what is stored runs no agent.
  if (options.paused !== true) for (const { agent, text } of warnings) log?.(agent, text);
  const emulators = await at(place, () =>
    startEmulators({
      folder: data?.path,
      queues: toQueueSettings(manifest, times),
      bucket: BUCKET,
      faults: {
        duplicateMessages: options.faults?.duplicateMessages === true,
        dropMessagesTo: options.faults?.dropHints === true ? [EVENTS_QUEUE] : [],
      },
    }),
  );
  parts.defer(() => emulators.stop());
  const tables =
    (data?.store ?? options.store) === "dynalite"
      ? await at(place, () => startTableEmulator(TABLE_NAME, data && join(data.path, "dynalite")))
      : undefined;
  if (tables !== undefined) parts.defer(() => tables.stop());
  const models = await connectModels(options, manifest);
  if (models.server !== undefined) parts.defer(() => models.server?.stop());

  const lambdaApi = new LambdaApi();
  await lambdaApi.start();
  parts.defer(() => lambdaApi.stop());
  const runtimeApi = new RuntimeApi();
  await runtimeApi.start();
  parts.defer(() => runtimeApi.stop());
  const home: FunctionHome = {
    runtimeApi: runtimeApi.address,
    runtimeApiServer: runtimeApi,
    scratch,
    reaper,
    starts: new Turnstile(availableParallelism()),
    log,
  };
  const settings = toFunctionSettings({
    bundles,
    times,
    store: tables === undefined ? `sqlite:${join(data?.path ?? scratch, "store.sqlite")}` : "dynamodb",
    endpoints: { sqs: emulators.url, s3: emulators.url, dynamoDb: tables?.url, lambda: lambdaApi.url },
    queueUrl: emulators.queueUrl,
    providers: models.providers,
    toolCredentials: resolveToolCredentials(options.env ?? {}, manifest),
    isScripted: models.isScripted,
    tokenSecret: data?.tokenSecret ?? randomBytes(32).toString("hex"),
    logLevel: options.logLevel ?? (log === undefined ? "error" : "info"),
    compileCache: join(root, "dist", "local", "compiled"),
    extraEnv: passed(options.passEnv ?? []),
    concurrency: options.concurrency ?? {},
  });
  const functions = new HostFunctions(settings, home);
  const sandbox = functions.find(SANDBOX);
  if (sandbox !== undefined) lambdaApi.offer(sandbox);
  parts.defer(() => functions.stop(GRACE_MS));

  const sources = [...sourcesOf(functions, bundles, emulators, log)];
  if (options.paused !== true) for (const source of sources) source.start();
  parts.defer(async () => {
    await Promise.all(sources.map((source) => source.stop()));
  });
  if (options.paused !== true) {
    const clock = startClock(functions.named("sweeper"), times.sweepMs, log);
    parts.defer(() => clock.stop());
  }
  const gateway = new Gateway({
    fn: functions.named("api"),
    port: options.port ?? 0,
    apiKeys: keysOf(options.apiKey),
    throttle: options.throttle ?? THROTTLE,
    concurrencyMax: REQUESTS_AT_ONCE_MAX,
    log,
  });
  await at(`port ${options.port}`, () => gateway.start());
  parts.defer(() => gateway.stop(GRACE_MS));
  await functions.warm(options);
  return new RunningHost({
    parts,
    url: gateway.url,
    models,
    functions,
    sources,
    counters: [emulators, tables],
  });
};

/** Failures of the machine around us become HostErrors that begin with `place`. */
const at = async <T>(place: string, action: () => T | Promise<T>): Promise<T> => {
  try {
    return await action();
  } catch (error) {
    throw toHostError(error, place);
  }
};

const sourcesOf = (
  functions: HostFunctions,
  { manifest }: BundleResult,
  emulators: Emulators,
  log: HostOptions["log"],
): EventSource[] =>
  [
    { fn: functions.named("coordinator"), queueName: EVENTS_QUEUE, batchSize: COORDINATOR_BATCH },
    ...manifest.map(({ name }) => ({
      fn: functions.named(name),
      queueName: agentQueueName(name),
      batchSize: 1,
    })),
  ].map(
    ({ fn, queueName, batchSize }) =>
      new EventSource({
        queue: emulators.queue(queueName),
        deadLetters: emulators.queueByArn,
        fn,
        batchSize,
        concurrencyMax: concurrencyOf(fn.settings),
        log,
      }),
  );

const keysOf = (apiKey: HostOptions["apiKey"]): Readonly<Record<string, string>> => {
  if (apiKey === undefined) return {};
  return typeof apiKey === "string" ? { local: apiKey } : apiKey;
};

const passed = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
