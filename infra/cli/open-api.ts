import { existsSync } from "node:fs";
import { type ApiClient, createApiClient } from "./api-client.ts";
import type { CommonValues } from "./command.ts";
import { type Context, INTERRUPTED } from "./context.ts";
import { startEmbeddedHost } from "./embedded-host.ts";
import { CliError, UsageError } from "./errors.ts";
import { HostLog, logLevelOf } from "./host-log.ts";
import { sayWhenSlow } from "./slow-start.ts";

/** Where `up` listens unless told otherwise, and where the other commands look for it. */
export const DEFAULT_PORT = 4100;
const DEFAULT_URL = `http://127.0.0.1:${DEFAULT_PORT}`;
export const DEFAULT_DATA = ".bulkhead";

/** A nobody on this machine refuses at once; a port that hangs is not ours. */
const PROBE_MS = 1_000;

export interface Opened {
  readonly api: ApiClient;
  readonly scripted: boolean;
  /** The data folder, when this command opened one for itself. */
  readonly dataDir: string | undefined;
  /** Of the host of this command's own. */
  readonly hostLog?: HostLog;
}

export interface OpenOptions {
  /** Open a data folder, whatever host listens or is named. */
  readonly ownHost?: boolean;
  /**
   * What the command does with a data folder: `read` it (nothing in it moves on, so that a look
   * costs nothing), `work` in it (open executions go on), `create` it when it is not there and
   * work in it. `none`: the command needs a host, but nothing that was kept.
   */
  readonly folder?: "read" | "work" | "create" | "none";
}

/**
 * Gives `use` an API: the one that --api or BULKHEAD_API names, else the data folder of --data,
 * else the host at the default address, else the default data folder. A folder is served by a
 * host of this process, which is stopped afterwards, whatever happened.
 */
export const withApi = async <T>(
  values: CommonValues,
  context: Context,
  use: (opened: Opened) => Promise<T>,
  options: OpenOptions = {},
): Promise<T> => {
  if (values.api !== undefined && values.data !== undefined) {
    throw new UsageError("--api and --data exclude each other: a data folder is opened by a host of its own");
  }
  const key = values.key ?? context.env["BULKHEAD_KEY"];
  const url = options.ownHost === true ? undefined : namedUrl(values, context.env);
  if (url !== undefined) {
    const api = createApiClient({ url, key });
    return use({ api, scripted: (await api.health()).scripted, dataDir: undefined });
  }
  if (values.data === undefined && options.ownHost !== true) {
    const opened = await probe(key);
    const isOther = options.folder === "create" && opened?.scripted === true && asksForModel(context.env);
    if (opened !== undefined && !isOther) return use(opened);
    if (isOther)
      context.stderr.write(`the host at ${DEFAULT_URL} answers from a script; starting another one\n`);
  }
  const { folder = "read" } = options;
  const dataDir = values.data ?? DEFAULT_DATA;
  if ((folder === "read" || folder === "work") && !existsSync(dataDir)) {
    const noHost = values.data === undefined ? `no host listens at ${DEFAULT_URL}, and ` : "";
    throw new CliError(`${noHost}there is no data folder ${dataDir}`, {
      hint: "npm run demo    makes a first execution; --api URL or --data DIR look elsewhere",
    });
  }
  return withFolder(dataDir, context, use, folder);
};

/** The host at the default address, if one listens there. */
export const probe = async (key?: string): Promise<Opened | undefined> => {
  const api = createApiClient({ url: DEFAULT_URL, key });
  try {
    const { scripted } = await Promise.race([api.health(), refusal(PROBE_MS)]);
    return { api, scripted, dataDir: undefined };
  } catch {
    return undefined;
  }
};

/** Whether this shell's settings ask for a real model: then a scripted host is not what is meant. */
export const asksForModel = (env: Context["env"]): boolean =>
  Object.entries(env).some(
    ([name, value]) =>
      value?.trim() &&
      /^(ANTHROPIC_API_KEY|BULKHEAD_(\w+_)?(MODEL|PROVIDER)|BULKHEAD_\w+_(API_KEY|BASE_URL))$/.test(name),
  );

const refusal = (ms: number): Promise<never> =>
  new Promise((_, reject) => setTimeout(reject, ms, new Error("no answer")).unref());

const withFolder = async <T>(
  dataDir: string,
  context: Context,
  use: (opened: Opened) => Promise<T>,
  folder: NonNullable<OpenOptions["folder"]>,
): Promise<T> => {
  const hostLog = new HostLog((line) => context.stderr.write(`${line}\n`));
  const options = {
    port: 0,
    env: context.env,
    paused: folder === "read" || folder === "none",
    log: hostLog.log,
    logLevel: logLevelOf(context.env),
    ...(folder === "none" ? {} : { dataDir }),
  };
  const host = await sayWhenSlow(context, "starting the embedded host…", () => startEmbeddedHost(options));
  const unsubscribe = context.onInterrupt((count) => {
    if (count > 1) context.exit(INTERRUPTED);
    // A command that started an execution stops it first, and then comes back here by itself.
    if (folder !== "create") void host.stop().finally(() => context.exit(INTERRUPTED));
  });
  try {
    return await use({ api: createApiClient({ url: host.url }), scripted: host.scripted, dataDir, hostLog });
  } finally {
    unsubscribe();
    hostLog.mute();
    await host.stop();
  }
};

/** What the flag names, else what the environment does; a folder that a flag names counts for more than the latter. */
const namedUrl = ({ api, data }: CommonValues, env: Context["env"]): string | undefined => {
  if (api !== undefined) return checkedUrl("--api", api);
  const text = env["BULKHEAD_API"]?.trim();
  return data === undefined && text ? checkedUrl("BULKHEAD_API", text) : undefined;
};

const checkedUrl = (name: string, text: string): string => {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? "")) return text;
  throw new UsageError(`${name} takes an API's address such as ${DEFAULT_URL}, not "${text.slice(0, 80)}"`);
};
