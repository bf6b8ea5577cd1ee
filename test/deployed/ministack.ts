import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { environmentOf } from "../../infra/aws/emulator.ts";
import { scriptOptions } from "../../infra/script-options.ts";
import { runSuite } from "./run-suite.ts";

// `npm run test:ministack`: MiniStack in a virtual environment of its own, the suite on it, and its end.

const VERSION = "1.5.33";
const START_SECONDS_MAX = 60;

const { values, positionals } = scriptOptions("npm run test:ministack -- [--auth] [FILTER ...]", {
  allowPositionals: true,
  options: {
    /** Lets MiniStack enforce IAM: says which grants are missing in its eyes. */
    auth: { type: "boolean", default: false },
  },
});

/** Installs the package once; gives its command. */
const install = (): string => {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const venv = join(cache, "bulkhead", `ministack-${VERSION}`);
  const command = join(venv, "bin", "ministack");
  if (!existsSync(command)) {
    console.error(`test:ministack: installing MiniStack ${VERSION} into ${venv} (once)`);
    run("python3", ["-m", "venv", venv]);
    run(join(venv, "bin", "pip"), ["install", "-q", "--disable-pip-version-check", `ministack==${VERSION}`]);
  }
  return command;
};

const run = (command: string, args: readonly string[]): void => {
  const { status, error } = spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${error?.message ?? status}`);
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });

const start = async (command: string, port: number, logFile: string): Promise<ChildProcess> => {
  const endpoint = `http://127.0.0.1:${port}`;
  const log = openSync(logFile, "w");
  const server = spawn(command, [], {
    stdio: ["ignore", log, log],
    env: {
      ...process.env,
      // Functions run with the emulator's own environment.
      ...environmentOf(endpoint),
      AWS_ENDPOINT_URL_S3: endpoint,
      GATEWAY_PORT: String(port),
      BIND_HOST: "127.0.0.1",
      AUTH: String(values.auth),
    },
  });
  for (let tries = 0; tries < START_SECONDS_MAX * 5; tries++) {
    if (server.exitCode !== null) break;
    const answers = await fetch(endpoint, { signal: AbortSignal.timeout(1_000) }).then(
      () => true,
      () => false,
    );
    if (answers) return server;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`MiniStack did not start; its log is ${logFile}`);
};

const stop = async (server: ChildProcess): Promise<void> => {
  if (server.exitCode !== null) return;
  const ended = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGTERM");
  const killer = setTimeout(() => server.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(killer);
};

const folder = mkdtempSync(join(tmpdir(), "bulkhead-ministack-"));
const logFile = join(folder, "ministack.log");
const port = await freePort();
const server = await start(install(), port, logFile);
try {
  process.env["AWS_ENDPOINT_URL_S3"] = `http://127.0.0.1:${port}`;
  process.exitCode = await runSuite(`http://127.0.0.1:${port}`, positionals);
} finally {
  await stop(server);
  if (process.exitCode === 0) rmSync(folder, { recursive: true });
  else console.error(`test:ministack: MiniStack's log is ${logFile}`);
}
