import { defineCommand } from "../command.ts";
import { numberOf } from "../command-line.ts";
import { startEmbeddedHost } from "../embedded-host.ts";
import { UsageError } from "../errors.ts";
import { HostLog, logLevelOf } from "../host-log.ts";
import { DEFAULT_PORT } from "../open-api.ts";
import { SCRIPTED_NOTE } from "../run-execution.ts";
import { writeJson } from "../write.ts";

export const up = defineCommand({
  name: "up",
  summary: "Start the embedded host and serve its API until stopped",
  positionals: [],
  flags: {
    port: {
      type: "string",
      value: "N",
      help: `where to listen on 127.0.0.1 (default ${DEFAULT_PORT}, 0: any)`,
    },
    store: { type: "string", value: "KIND", help: "sqlite (default), or dynalite: a DynamoDB emulator" },
    verbose: { type: "boolean", help: "what functions log, on stderr (or BULKHEAD_LOG_LEVEL=info)" },
  },
  common: { api: null, key: null, data: "keep everything here over restarts" },
  examples: [
    { line: "up", what: "serve at http://127.0.0.1:4100; everything is forgotten at the end" },
    { line: "up --data .bulkhead", what: "keep executions over restarts; open ones go on" },
    { line: "up --verbose", what: "see what each function does" },
    { line: "up --port 0 --json", what: "any free port, told as JSON" },
  ],
  run: async (values, _positionals, context) => {
    const { stdout, stderr } = context;
    const interrupted = new Promise<void>((resolve) => {
      context.onInterrupt((count) => (count === 1 ? resolve() : context.exit(1)));
    });
    const hostLog = new HostLog((line) => stderr.write(`${line}\n`));
    const host = await startEmbeddedHost({
      port: portOf(values.port),
      ...(values.data === undefined ? {} : { dataDir: values.data }),
      ...(values.store === undefined ? {} : { store: storeOf(values.store) }),
      env: context.env,
      log: hostLog.log,
      logLevel: logLevelOf(context.env, values.verbose),
    });
    if (values.json === true) writeJson(stdout, { ready: host.url, scripted: host.scripted });
    else stdout.write(`ready ${host.url}\n`);
    if (host.scripted) stderr.write(`${SCRIPTED_NOTE}\n`);
    await interrupted;
    hostLog.mute();
    await host.stop();
    return 0;
  },
});

const portOf = (text: string | undefined): number => {
  const port = numberOf("--port", text) ?? DEFAULT_PORT;
  if (port < 0 || port > 65_535) throw new UsageError(`--port takes a number from 0 to 65535, not ${port}`);
  return port;
};

const storeOf = (text: string): "sqlite" | "dynalite" => {
  if (text === "sqlite" || text === "dynalite") return text;
  throw new UsageError(`--store takes sqlite or dynalite, not "${text.slice(0, 80)}"`);
};
